#!/usr/bin/env bash
# Activations of ordinary inputs in OpenCV 5.0.0 (its dnn module, CPU) and tract 0.23.9:
# - OpenCV: Tanh of 50 is NaN (44 still gives 1, and −50 gives −1), except in a last few elements that do not fill a vector:
#   there it is 1. Relu of −∞ is NaN, and Relu of −1 is −0.
# - OpenCV and tract: Softplus is infinite from 89 on, ReduceLogSumExp of 1000, 1000 is infinite.
# - tract: Celu loses its factor alpha: alpha · (e^(x/alpha) − 1) comes out as e^(x/alpha) − 1; Sigmoid and Tanh never reach
#   0 and ±1, so that Sigmoid(−20), Sigmoid(−∞) and Sigmoid(NaN) are all 4.5e-7, and Tanh(NaN) is −0.9999994.
#
# One would have guessed: tanh is 1 in float32 from 10 on and cannot overflow; Softplus(x) = log(1 + e^x) is x there, to the
# last bit; Relu is max(0, x), so 0 for −∞. log(2 e^1000) = 1000 + log 2 = 1000.7 (1001 below). Celu with alpha 2 tends to −2, as its
# ONNX text and ONNX Runtime 1.32.0 say. NaN stays NaN. (Sigmoid(−20) is 2.1e-9; ONNX Runtime's 0 is another matter.)
#
# Why it matters: Tanh of 50 is what an unnormalised last layer of a generator or an LSTM sees, and one NaN spoils all that a
# convolution reads from it. Masks of −∞ are usual. And tract hides a NaN as a very confident “no”.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93 tract==0.23.9
cat > "$T/run.py" <<'PY'
import sys, numpy as np, onnxruntime as ort, cv2, tract
from onnx import helper as h, TensorProto as P
file = sys.argv[1]
def opencv(m, x):
    net = cv2.dnn.readNetFromONNX(np.frombuffer(m.SerializeToString(), np.uint8))
    net.setInput(x, 'x'); return net.forward()
def with_tract(m, x):
    with open(file, 'wb') as f: f.write(m.SerializeToString())
    return tract.onnx().load(file).into_model().into_runnable().run([x])[0].to_numpy()
engines = {'ONNX Runtime': lambda m, x: ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0],
           'OpenCV': opencv, 'tract': with_tract}
inf, nan = np.inf, np.nan
for op, values, attributes in (('Tanh', [44, 50, -50, nan], {}), ('Relu', [-inf, -1, 1], {}), ('Softplus', [88, 89, 100], {}),
                               ('ReduceLogSumExp', [1000, 1000], {'axes': [0]}), ('Celu', [-1000, -1, 1], {'alpha': 2.}), ('Sigmoid', [-20, -inf, nan], {})):
    x = np.repeat(np.array(values, np.float32)[:, None], 32, 1)  # 32 of each, so that every lane of a vector is in use
    g = h.make_graph([h.make_node(op, ['x'], ['y'], **attributes)], 'g', [h.make_tensor_value_info('x', P.FLOAT, x.shape)],
                     [h.make_tensor_value_info('y', P.FLOAT, [1, 32] if attributes.get('axes') else x.shape)])
    m = h.make_model(g, opset_imports=[h.make_opsetid('', 13)], ir_version=8)
    for who, run in engines.items(): print(f'{op} of', *values, f': {who}:', *(f'{v:.4g}' for v in np.asarray(run(m, x)).reshape(-1, 32)[:, 0]))
PY
"$T/v/bin/python" "$T/run.py" "$T/m.onnx" | tee "$T/seen"
cat > "$T/RECORDED" <<'END'
Tanh of 44 50 -50 nan : ONNX Runtime: 1 1 -1 nan
Tanh of 44 50 -50 nan : OpenCV: 1 nan -1 nan
Tanh of 44 50 -50 nan : tract: 1 1 -1 -1
Relu of -inf -1 1 : ONNX Runtime: 0 0 1
Relu of -inf -1 1 : OpenCV: nan -0 1
Relu of -inf -1 1 : tract: 0 0 1
Softplus of 88 89 100 : ONNX Runtime: 88 89 100
Softplus of 88 89 100 : OpenCV: 88 inf inf
Softplus of 88 89 100 : tract: 88 inf inf
ReduceLogSumExp of 1000 1000 : ONNX Runtime: 1001
ReduceLogSumExp of 1000 1000 : OpenCV: inf
ReduceLogSumExp of 1000 1000 : tract: inf
Celu of -1000 -1 1 : ONNX Runtime: -2 -0.7869 1
Celu of -1000 -1 1 : OpenCV: -2 -0.7869 1
Celu of -1000 -1 1 : tract: -1 -0.3935 1
Sigmoid of -20 -inf nan : ONNX Runtime: 0 0 nan
Sigmoid of -20 -inf nan : OpenCV: 2.061e-09 0 nan
Sigmoid of -20 -inf nan : tract: 4.47e-07 4.47e-07 4.47e-07
END
if diff "$T/RECORDED" "$T/seen"; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
