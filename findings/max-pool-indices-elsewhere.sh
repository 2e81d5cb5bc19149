#!/usr/bin/env bash
# MaxPool's second output, the places of the maxima, in onnx.reference (onnx 1.23.2) and OpenVINO 2026.4.1:
# - onnx.reference, stride 1 (the default): wrong places, though the maxima are right; and storage_order=1 is ignored. With
#   stride 2 it is right in both orders.
# - OpenVINO, storage_order=1: the places are still counted by rows, but the tensor of places is transposed, so that they
#   stand beside other maxima than their own. The values stay as they were.
#
# One would have guessed: x.flat[place] is the maximum; with storage_order=1 the place is row + column · height (and
# plane · height · width before it), in the order of the outputs, as the attribute's text says: it is used only to convert
# the position to a number.
#
# By hand, 3×4, window 2×2:
#   1 5 2 0      the windows' maxima are   5 9 9   at row-major places  1 6 6   and column-major  3 7 7
#   3 4 9 1                                7 9 9                        8 6 6                     2 7 7
#   7 0 1 8
# ONNX Runtime 1.32.0 gives these in all cases.
#
# Why it matters: MaxUnpool (SegNet, DeconvNet, networks that undo their pooling) puts the values where the places say.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > "$T/run.py" <<'PY'
import numpy as np, onnxruntime as ort, openvino as ov
from onnx import helper as h, TensorProto as P
from onnx.reference import ReferenceEvaluator
x = np.array([[1, 5, 2, 0], [3, 4, 9, 1], [7, 0, 1, 8]], np.float32).reshape(1, 1, 3, 4)
core = ov.Core()
def openvino(m):
    c = core.compile_model(core.read_model(m.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    r = c({'x': x}); return [np.array(r[o]) for o in c.outputs]
engines = {'ONNX Runtime': lambda m: ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x}),
           'onnx.reference': lambda m: ReferenceEvaluator(m).run(None, {'x': x}), 'OpenVINO': openvino}
for stride in 1, 2:
    for order in 0, 1:
        node = h.make_node('MaxPool', ['x'], ['y', 'i'], kernel_shape=[2, 2], strides=[stride, stride], storage_order=order)
        g = h.make_graph([node], 'g', [h.make_tensor_value_info('x', P.FLOAT, x.shape)],
                         [h.make_tensor_value_info('y', P.FLOAT, None), h.make_tensor_value_info('i', P.INT64, None)])
        m = h.make_model(g, opset_imports=[h.make_opsetid('', 12)], ir_version=8)
        for who, run in engines.items():
            y, i = run(m)
            print(f'stride {stride} order {order} {who:15}', *(f'{int(v)}@{int(p)}' for v, p in zip(y.ravel(), i.ravel())))
PY
"$T/v/bin/python" "$T/run.py" | tee "$T/seen"
cat > "$T/RECORDED" <<'END'
stride 1 order 0 ONNX Runtime    5@1 9@6 9@6 7@8 9@6 9@6
stride 1 order 0 onnx.reference  5@1 9@5 9@4 7@6 9@6 9@6
stride 1 order 0 OpenVINO        5@1 9@6 9@6 7@8 9@6 9@6
stride 1 order 1 ONNX Runtime    5@3 9@7 9@7 7@2 9@7 9@7
stride 1 order 1 onnx.reference  5@1 9@5 9@4 7@6 9@6 9@6
stride 1 order 1 OpenVINO        5@1 9@8 9@6 7@6 9@6 9@6
stride 2 order 0 ONNX Runtime    5@1 9@6
stride 2 order 0 onnx.reference  5@1 9@6
stride 2 order 0 OpenVINO        5@1 9@6
stride 2 order 1 ONNX Runtime    5@3 9@7
stride 2 order 1 onnx.reference  5@3 9@7
stride 2 order 1 OpenVINO        5@1 9@6
END
if diff "$T/RECORDED" "$T/seen"; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
