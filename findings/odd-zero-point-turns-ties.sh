#!/usr/bin/env bash
# QuantizeLinear with an odd zero point rounds ties the other way in OpenVINO 2026.4.1 and OpenCV 5.0.0: they add the zero
# point to x / scale first and round the sum to even; and QLinearConv does so in onnx.reference (onnx 1.23.2), whose own
# QuantizeLinear does not.
#
# One would have guessed: y = saturate(round to even(x / scale) + zero point). ONNX's text says that it is x / y_scale that is
# rounded to the nearest even. ONNX Runtime 1.32.0 does that in both operators.
#
# By hand, scale 1: 0.5, 1.5, 2.5, −0.5 round to 0, 2, 2, 0; with the zero point 1 that is 1, 3, 3, 1. Rounding after the sum:
# 1.5, 2.5, 3.5, 0.5 give 2, 2, 4, 0. With an even zero point both ways give the same.
#
# Why it matters: where scales are powers of two ties are common, and any uint8 zero point may be odd. A network compared bit by
# bit is then a quantum off in those places, while all tests with the zero points 0 and 128 pass. For who writes an engine: adding
# the zero point first, so as to round only once, is not the same.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 opencv-python-headless==5.0.0.93
cat > "$T/run.py" <<'PY'
import numpy as np, onnxruntime as ort, openvino as ov, cv2
from onnx import helper as h, numpy_helper as nh
from onnx.reference import ReferenceEvaluator
core = ov.Core()
def openvino(m, x):
    c = core.compile_model(core.read_model(m.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    return c({'x': x})[c.outputs[0]]
def opencv(m, x):
    net = cv2.dnn.readNetFromONNX(np.frombuffer(m.SerializeToString(), np.uint8))
    net.setInput(x, 'x'); return net.forward()
engines = {'ONNX Runtime': lambda m, x: ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0],
           'onnx.reference': lambda m, x: ReferenceEvaluator(m).run(None, {'x': x})[0], 'OpenVINO': openvino, 'OpenCV': opencv}
def show(op, x, constants, only=engines):
    t = lambda a: h.np_dtype_to_tensor_dtype(a.dtype)
    g = h.make_graph([h.make_node(op, ['x', *constants], ['y'])], 'g', [h.make_tensor_value_info('x', t(x), x.shape)],
                     [h.make_tensor_value_info('y', 2, x.shape)], [nh.from_array(v, k) for k, v in constants.items()])
    m = h.make_model(g, opset_imports=[h.make_opsetid('', 13)], ir_version=8)
    for who in only: print(f'{op} zero point {constants["zero"]}, {who:15}', *map(int, np.asarray(engines[who](m, x)).ravel()))
f, u = np.float32, np.uint8
for zero in 1, 128:
    show('QuantizeLinear', np.array([[.5, 1.5, 2.5, -.5]], f), {'scale': np.array(1, f), 'zero': np.array(zero, u)})
    # scale 1/2 and a kernel of one 1: the outputs before rounding are 0.5, 1.5, 2.5, 3.5
    show('QLinearConv', np.array([1, 3, 5, 7], u).reshape(1, 1, 1, 4), {'xs': np.array(.5, f), 'xz': np.array(0, u), 'w': np.ones((1, 1, 1, 1), np.int8),
         'ws': np.array(1, f), 'wz': np.array(0, np.int8), 'ys': np.array(1, f), 'zero': np.array(zero, u)}, ['ONNX Runtime', 'onnx.reference'])
PY
"$T/v/bin/python" "$T/run.py" | tee "$T/seen"
cat > "$T/RECORDED" <<'END'
QuantizeLinear zero point 1, ONNX Runtime    1 3 3 1
QuantizeLinear zero point 1, onnx.reference  1 3 3 1
QuantizeLinear zero point 1, OpenVINO        2 2 4 0
QuantizeLinear zero point 1, OpenCV          2 2 4 0
QLinearConv zero point 1, ONNX Runtime    1 3 3 5
QLinearConv zero point 1, onnx.reference  2 2 4 4
QuantizeLinear zero point 128, ONNX Runtime    128 130 130 128
QuantizeLinear zero point 128, onnx.reference  128 130 130 128
QuantizeLinear zero point 128, OpenVINO        128 130 130 128
QuantizeLinear zero point 128, OpenCV          128 130 130 128
QLinearConv zero point 128, ONNX Runtime    128 130 130 132
QLinearConv zero point 128, onnx.reference  128 130 130 132
END
if diff "$T/RECORDED" "$T/seen"; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
