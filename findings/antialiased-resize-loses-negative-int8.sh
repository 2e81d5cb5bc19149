#!/usr/bin/env bash
# ONNX Runtime 1.32.0 (CPU; npm's onnxruntime-node and onnxruntime-web 1.30.0 do the same): Resize with antialias=1 on int8
# limits its results to 0…255, the range of uint8, and keeps the low eight bits. Every negative value becomes 0, and a cubic
# result above 127 becomes a negative number (144.9 → 145 − 256 = −111).
#
# One would have guessed: int8 is limited to −128…127, since the type is accepted, float32 and int32 are right, and the same
# node without antialias keeps the signs. When an axis grows, ONNX's antialias stretches the filter by max(1, 1/scale) = 1,
# so it changes nothing: the outputs of the two must be the same.
#
# By hand, 4 → 8, half pixels, linear: the second value is 3/4 · −100 + 1/4 · −50 = −87.5, never 0.
# A second surprise in passing: without antialias whole numbers are cut towards zero (−87), with it int32 is rounded (−88).
#
# Why it matters: int8 activations are centred on zero, so half of a quantised feature map is erased, without a word; who
# verifies a quantised network against this engine blames the right one.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > "$T/run.py" <<'PY'
import numpy as np, onnxruntime as ort
from onnx import helper as h, numpy_helper as nh
def resize(values, dtype, mode, antialias):
    x = np.array(values, dtype).reshape(1, 1, 1, 4)
    t = h.np_dtype_to_tensor_dtype(x.dtype)
    node = h.make_node('Resize', ['x', '', '', 'sizes'], ['y'], mode=mode, antialias=antialias)
    g = h.make_graph([node], 'g', [h.make_tensor_value_info('x', t, x.shape)], [h.make_tensor_value_info('y', t, None)],
                     [nh.from_array(np.array([1, 1, 1, 8]), 'sizes')])
    m = h.make_model(g, opset_imports=[h.make_opsetid('', 19)], ir_version=10)
    y = ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
    print(f'{np.dtype(dtype).name:8}{mode:7} antialias={antialias}', *(f'{v:g}' for v in y.ravel()))
for dtype in np.float32, np.int32, np.int8:
    for antialias in 0, 1:
        resize([-100, -50, -20, 60], dtype, 'linear', antialias)
resize([0, 127, 127, 0], np.float32, 'cubic', 1)
resize([0, 127, 127, 0], np.int8, 'cubic', 1)
PY
"$T/v/bin/python" "$T/run.py" | tee "$T/seen"
cat > "$T/RECORDED" <<'END'
float32 linear  antialias=0 -100 -87.5 -62.5 -42.5 -27.5 0 40 60
float32 linear  antialias=1 -100 -87.5 -62.5 -42.5 -27.5 0 40 60
int32   linear  antialias=0 -100 -87 -62 -42 -27 0 40 60
int32   linear  antialias=1 -100 -88 -63 -43 -28 0 40 60
int8    linear  antialias=0 -100 -87 -62 -42 -27 0 40 60
int8    linear  antialias=1 0 0 0 0 0 0 40 60
float32 cubic   antialias=1 -13.3945 28.7734 98.2266 144.859 144.859 98.2266 28.7734 -13.3945
int8    cubic   antialias=1 0 29 98 -111 -111 98 29 0
END
if diff "$T/RECORDED" "$T/seen"; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
