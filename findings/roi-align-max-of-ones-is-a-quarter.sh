#!/usr/bin/env bash
# ONNX Runtime 1.32.0, onnx.reference (onnx 1.23.2) and OpenCV 5.0.0: RoiAlign with mode "max" takes the greatest of the four
# pixels around a sampling point after each was multiplied by its bilinear weight, not the greatest interpolated value.
# OpenVINO 2026.4.1 takes the greatest interpolated value, but never less than 0. None of the four gives −1 for minus ones.
#
# One would have guessed: a picture of ones gives 1, in both modes and wherever the region lies, as a maximum of averages
# of ones is 1 (and a picture of minus ones gives −1). ONNX's text: the values of the sampled locations are computed through
# bilinear interpolation; the mode is the pooling of them.
#
# By hand: a region from 0.5 to 1.5 in both axes, one point, in the middle of it, and half a pixel off (half_pixel): it lies at
# 0.5, 0.5, between four pixels, each of weight 1/4. Interpolated 1; the greatest product is 1/4, and for minus ones −1/4.
#
# Why it matters: the result depends on where the region lies relative to the pixel grid, which is what RoiAlign was made to
# avoid, and falls to a quarter. ONNX's node test of the mode holds such values, so an engine that computes what the text says fails
# it, and two engines that pass it are both wrong by the text. Regions that lie on the grid show nothing (third case).
#
# Seen 2026-11-30: as in RECORDED.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
python3 -m venv "$T/v"
"$T/v/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 opencv-python-headless==5.0.0.93
cat > "$T/run.py" <<'PY'
import numpy as np, onnxruntime as ort, openvino as ov, cv2
from onnx import helper as h, TensorProto as P
from onnx.reference import ReferenceEvaluator
core = ov.Core()
def openvino(m, feed):
    c = core.compile_model(core.read_model(m.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    return c(feed)[c.outputs[0]]
def opencv(m, feed):
    net = cv2.dnn.readNetFromONNX(np.frombuffer(m.SerializeToString(), np.uint8))
    for name, value in feed.items(): net.setInput(value, name)
    return net.forward()
engines = {'ONNX Runtime': lambda m, feed: ort.InferenceSession(m.SerializeToString(), providers=['CPUExecutionProvider']).run(None, feed)[0],
           'onnx.reference': lambda m, feed: ReferenceEvaluator(m).run(None, feed)[0], 'OpenCV': opencv, 'OpenVINO': openvino}
for fill, low, high in (1, .5, 1.5), (-1, .5, 1.5), (1, 1, 2):
    for mode in 'avg', 'max':
        feed = {'x': np.full((1, 1, 4, 4), fill, np.float32), 'rois': np.array([[low, low, high, high]], np.float32), 'which': np.array([0])}
        node = h.make_node('RoiAlign', list(feed), ['y'], mode=mode, output_height=1, output_width=1, sampling_ratio=1)
        g = h.make_graph([node], 'g', [h.make_tensor_value_info(k, P.INT64 if k == 'which' else P.FLOAT, v.shape) for k, v in feed.items()],
                         [h.make_tensor_value_info('y', P.FLOAT, [1, 1, 1, 1])])
        m = h.make_model(g, opset_imports=[h.make_opsetid('', 16)], ir_version=8)
        print(f'all {fill:2}, region {low} to {high}, {mode}:', ', '.join(f'{who} {run(m, feed).item():g}' for who, run in engines.items()))
PY
"$T/v/bin/python" "$T/run.py" | tee "$T/seen"
cat > "$T/RECORDED" <<'END'
all  1, region 0.5 to 1.5, avg: ONNX Runtime 1, onnx.reference 1, OpenCV 1, OpenVINO 1
all  1, region 0.5 to 1.5, max: ONNX Runtime 0.25, onnx.reference 0.25, OpenCV 0.25, OpenVINO 1
all -1, region 0.5 to 1.5, avg: ONNX Runtime -1, onnx.reference -1, OpenCV -1, OpenVINO -1
all -1, region 0.5 to 1.5, max: ONNX Runtime -0.25, onnx.reference -0.25, OpenCV -0.25, OpenVINO 0
all  1, region 1 to 2, avg: ONNX Runtime 1, onnx.reference 1, OpenCV 1, OpenVINO 1
all  1, region 1 to 2, max: ONNX Runtime 1, onnx.reference 1, OpenCV 1, OpenVINO 1
END
if diff "$T/RECORDED" "$T/seen"; then echo 'as recorded'; else echo 'changed: < recorded, > seen'; exit 1; fi
