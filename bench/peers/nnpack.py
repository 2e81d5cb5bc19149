"""NNPACK itself, out of torch's x86-64 wheel: libtorch_cpu.so exports nnp_convolution_inference.

A server for nnpack.ts: it reads a line of JSON for each request and answers with one. Arrays are files of float32. torch is found as
Python finds it (PYTHONPATH counts). One thread: a call without a pool runs on its caller.

  load     a layer, its files, and whether the kernel is transformed once (else in each call)
  run      milliseconds of one call
  result   writes the output of the last call to its file
  drop     gives the memory of a layer back
"""
import ctypes as C
import json
import mmap
import os
import sys
import time

os.environ['OMP_NUM_THREADS'] = '1'
import warnings

warnings.filterwarnings('ignore')
import torch

VERSION = '2.15.0'
AUTO = 0
IDENTITY = 0
COMPUTE, PRECOMPUTE, REUSE = 1, 2, 3


class Size(C.Structure):
    _fields_ = [('width', C.c_size_t), ('height', C.c_size_t)]


class Padding(C.Structure):
    _fields_ = [(side, C.c_size_t) for side in ('top', 'right', 'bottom', 'left')]


def library():
    version = torch.__version__.split('+')[0]
    if version != VERSION:
        raise RuntimeError(f'torch is {version}, expected {VERSION}')
    # It initialises NNPACK; without it every call answers 50.
    if not torch.backends.nnpack.is_available():
        raise RuntimeError('torch says that NNPACK is not available on this processor')
    lib = C.CDLL(os.path.join(os.path.dirname(torch.__file__), 'lib', 'libtorch_cpu.so'))
    p, z, i = C.c_void_p, C.c_size_t, C.c_int
    lib.nnp_convolution_inference.argtypes = [i, i, z, z, Size, Padding, Size, Size, p, p, p, p, p, p, i, p, p, p]
    return lib


class Buffer:
    """Bytes that begin at a page, and so at a multiple of 64."""

    def __init__(self, size):
        self.memory = mmap.mmap(-1, max(size, 1))
        self.at = C.addressof(C.c_char.from_buffer(self.memory))

    @staticmethod
    def of(path):
        with open(path, 'rb') as file:
            data = file.read()
        buffer = Buffer(len(data))
        buffer.memory[: len(data)] = data
        return buffer


class Layer:
    def __init__(self, lib, layer, files, once):
        self.lib, self.layer, self.files = lib, layer, files
        self.input, self.kernel, self.bias = (Buffer.of(files[name]) for name in ('input', 'kernel', 'bias'))
        self.bytes = 4 * layer['outputChannels'] * layer['outputSize'] ** 2
        self.output = Buffer(self.bytes)
        self.strategy = COMPUTE
        if once and self.is_transformed():
            packed = Buffer(self.needed(PRECOMPUTE))
            self.call(PRECOMPUTE, self.kernel, packed)
            self.kernel, self.strategy = packed, REUSE
        size = self.needed(self.strategy)
        # Of no bytes a workspace is no workspace: the call would only say so again.
        self.workspace = Buffer(size) if size > 0 else None

    def call(self, strategy, kernel, workspace, size=None):
        l = self.layer
        pad, n, r, s = l['padding'], l['inputSize'], l['kernelSize'], l['stride']
        if size is None and workspace is not None:
            size = C.c_size_t(len(workspace.memory))
        status = self.lib.nnp_convolution_inference(
            AUTO, strategy, l['inputChannels'], l['outputChannels'],
            Size(n, n), Padding(pad, pad, pad, pad), Size(r, r), Size(s, s),
            self.input.at, kernel.at, self.bias.at, self.output.at,
            None if workspace is None else workspace.at,
            None if size is None else C.byref(size), IDENTITY, None, None, None,
        )
        if status != 0:
            raise RuntimeError(f'status {status}')
        return 0 if size is None else size.value

    def is_transformed(self):
        """A direct convolution has nothing to transform, and answers 27."""
        try:
            return self.needed(PRECOMPUTE) > 0
        except RuntimeError:
            return False

    def needed(self, strategy):
        return self.call(strategy, self.kernel, None, C.c_size_t(0))

    def run(self):
        start = time.perf_counter()
        self.call(self.strategy, self.kernel, self.workspace)
        return 1000 * (time.perf_counter() - start)

    def result(self):
        with open(self.files['output'], 'wb') as file:
            file.write(self.output.memory[: self.bytes])


def serve():
    lib, layers, count = library(), {}, 0
    print(json.dumps({'version': VERSION}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            if request['op'] == 'load':
                count += 1
                layers[count] = Layer(lib, request['layer'], request['files'], request['once'])
                answer['id'] = count
            elif request['op'] == 'run':
                answer['milliseconds'] = layers[request['id']].run()
            elif request['op'] == 'result':
                layers[request['id']].result()
            else:
                del layers[request['id']]
        except RuntimeError as error:
            answer['error'] = str(error)
        print(json.dumps(answer), flush=True)


serve()
