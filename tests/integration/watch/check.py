"""The lines of watched rows against the update rules, computed by hand: check.py RUN ALPHA BETA RATE.

Of every step: what was pulled is the state after the step before; the sum of the slices' gradients, put through
FTRL-Proximal (McMahan et al. 2013, algorithm 1) and AdaGrad with one accumulator a row (Duchi et al. 2011), gives the
state after it."""

import glob
import json
import math
import struct
import sys

run, alpha, beta, rate = sys.argv[1], *map(float, sys.argv[2:5])


def fail(what):
    sys.exit('FAILED: ' + what)


def single(x):
    return struct.unpack('f', struct.pack('f', x))[0]


def near(a, b, what, tolerance=2e-6):
    if abs(a - b) > tolerance * max(1, abs(a), abs(b)):
        fail(f'{what}: {a} where {b} is right')


lines = []
for name in glob.glob(run + '/logs/watch.*.jsonl'):
    with open(name) as file:
        lines += map(json.loads, file)
rows = sorted({line['row'] for line in lines if 'key' in line})
compared = 0
for row in rows:
    own = [line for line in lines if line['row'] == row]
    after = {line['step']: line for line in own if line['event'] in ('loaded', 'created', 'updated')}
    evicted = [line['step'] for line in own if line['event'] == 'evicted']
    before = None
    for step in sorted({line['step'] for line in own if line['event'] == 'gradient'}):
        gradients = [line for line in own if line['event'] == 'gradient' and line['step'] == step]
        pulled = [line for line in own if line['event'] == 'pulled' and line['step'] == step]
        slices = [line['slice'] for line in gradients]
        if len(set(slices)) != len(slices):
            fail(f'{row}, step {step}: slice twice: {slices}')
        state = after.get(step)
        if state is None:
            fail(f'{row}, step {step}: it has gradients and no update')
        for line in pulled:
            if line['version'] != step - 1:
                fail(f'{row}, step {step}: version {line["version"]} was pulled')
        if before is not None and any(before['step'] <= gone < step for gone in evicted):
            before = None
        if before is not None:
            for line in pulled:
                if line.get('weight') != before.get('weight') or line.get('embedding') != before.get('embedding'):
                    fail(f'{row}, step {step}: what was pulled is not the state of step {before["step"]}')
            what = f'{row}, step {step}: '
            if 'z' in state:
                g = sum(line['weight_gradient'] for line in gradients)
                n = single(before['n'] + g * g)
                sigma = (math.sqrt(n) - math.sqrt(before['n'])) / alpha
                z = before['z'] + g - sigma * before['weight']
                near(state['n'], n, what + 'n', 1e-5)
                near(state['z'], z, what + 'z', 1e-5)
                near(state['weight'], -state['z'] / ((beta + math.sqrt(state['n'])) / alpha), what + 'weight')
                compared += 1
            if 'embedding' in state:
                dim = len(state['embedding'])
                g = [sum(line['embedding_gradient'][i] for line in gradients) for i in range(dim)]
                accumulator = before['embedding_accumulator'] + sum(x * x for x in g) / dim
                near(state['embedding_accumulator'], accumulator, what + 'accumulator', 1e-5)
                for i in range(dim):
                    near(state['embedding'][i], before['embedding'][i] - rate * g[i] / math.sqrt(accumulator), what + 'embedding')
                compared += 1
        before = state
print(f'{len(rows)} rows, {compared} updates as computed by hand')
if compared < 20:
    fail(f'only {compared} updates were compared')
