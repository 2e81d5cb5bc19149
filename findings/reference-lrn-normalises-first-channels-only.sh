#!/usr/bin/env bash
# onnx 1.23.2, onnx.reference: LRN normalises as many channels as there are pictures in the batch. The sums of squares are
# right for channels 0 … N − 1 and 0 for all others, which are only divided by bias^beta. With one picture only channel 0 is
# normalised; the result is right as soon as the batch is as large as the channels are many.
#
# One would have guessed: every channel, whatever the batch; a picture's result does not depend on its neighbours.
#
# By hand: all inputs 2, 3 channels, size 3, alpha 3, beta 1, bias 1. An outer channel sees two squares, 2 / (1 + 3/3 · 8) = 2/9
# = 0.2222; the middle one three, 2 / (1 + 12) = 0.1538. (With the default bias 1 the skipped channels are plain copies.)
# ONNX Runtime 1.32.0 gives that at every batch size.
#
# Why it matters: AlexNet, GoogLeNet and CaffeNet have LRN, and onnx.reference is what one compares an engine with, one
# picture at a time. Of 96 channels 95 are wrong then. ONNX's own node tests of LRN have batches of 5 with 5 channels, so
# they do not notice.
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > "$T/run.py" <<'PY'
import numpy as np, onnxruntime as ort
from onnx import helper as h, TensorProto
from onnx.reference import ReferenceEvaluator
for n in 1, 2, 3:
    x = np.full((n, 3, 1, 1), 2, np.float32)
    node = h.make_node('LRN', ['x'], ['y'], size=3, alpha=3., beta=1., bias=1.)
    g = h.make_graph([node], 'g', [h.make_tensor_value_info('x', TensorProto.FLOAT, x.shape)],
                     [h.make_tensor_value_info('y', TensorProto.FLOAT, x.shape)])
    m = h.make_model(g, opset_imports=[h.make_opsetid('', 13)], ir_version=8)
    show = lambda who, y: print(f'batch of {n}, {who:15}', ' | '.join(' '.join(f'{v:.4f}' for v in p.ravel()) for p in y))
    show('onnx.reference', ReferenceEvaluator(m).run(None, {'x': x})[0])
    show('ONNX Runtime', ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0])
PY
"$T/v/bin/python" "$T/run.py" | tee "$T/seen"
cat > "$T/RECORDED" <<'END'
batch of 1, onnx.reference  0.2222 2.0000 2.0000
batch of 1, ONNX Runtime    0.2222 0.1538 0.2222
batch of 2, onnx.reference  0.2222 0.1538 2.0000 | 0.2222 0.1538 2.0000
batch of 2, ONNX Runtime    0.2222 0.1538 0.2222 | 0.2222 0.1538 0.2222
batch of 3, onnx.reference  0.2222 0.1538 0.2222 | 0.2222 0.1538 0.2222 | 0.2222 0.1538 0.2222
batch of 3, ONNX Runtime    0.2222 0.1538 0.2222 | 0.2222 0.1538 0.2222 | 0.2222 0.1538 0.2222
END
if diff "$T/RECORDED" "$T/seen"; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
