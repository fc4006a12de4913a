"""Pairs of training runs in one output.dir, begun at random moments, either of them killed at random.

  one_folder.py FATHOM SCRATCH CONFIG [PAIRS [SEED]]

Fails if two run at a time, if a run ends otherwise than well, killed or refused, if the model that is there
is not one of those that were trained, whole, or if the folder cannot be taken after the pair is gone.
"""
import collections
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

SEEDS = (1, 7)
DEADLINE = 120


def fail(text, *logs):
    print('FAILED:', text, file=sys.stderr)
    for log in logs:
        print(f'--- {log}\n{log.read_text(errors="replace")[-2500:]}', file=sys.stderr)
    sys.exit(1)


class Run:
    def __init__(self, fathom, config, out, packed, seed, ranks, log):
        self.seed, self.ranks, self.log = seed, ranks, log
        line = [fathom, 'train', str(config), f'output.dir={out}', f'data.packed_dir={packed}', f'seed={seed}',
                'resume=restart', 'checkpoint.every_steps=10', 'cluster.timeout_seconds=10']
        if ranks > 1:
            line = ['mpirun', '--oversubscribe', '--bind-to', 'none', '-np', str(ranks)] + line
        self.process = subprocess.Popen(line, stdout=open(log, 'w'), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def end(self):
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail('a run did not end', self.log)

    def text(self):
        return self.log.read_text(errors='replace')


def same(fathom, a, b):
    return subprocess.run([fathom, 'compare', str(a), str(b)], capture_output=True).returncode == 0


def main():
    fathom, scratch, config = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    pairs = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.SystemRandom().randrange(1 << 32)
    print(f'{pairs} pairs, seed {seed}', flush=True)
    dice = random.Random(seed)
    packed = scratch / 'packed'
    took = 0.0
    for s in SEEDS:
        began = time.time()
        reference = Run(fathom, config, scratch / f'reference-{s}', packed, s, 1, scratch / f'reference-{s}.log')
        if reference.end() != 0:
            fail('the reference', reference.log)
        took = time.time() - began
    references = {s: scratch / f'reference-{s}' for s in SEEDS}
    counts = collections.Counter()
    out = scratch / 'out'
    for pair in range(pairs):
        if dice.random() < 0.3:
            shutil.rmtree(out, ignore_errors=True)
        runs = []
        for s in SEEDS:
            runs.append(Run(fathom, config, out, packed, s, dice.choice([1, 1, 2]), scratch / f'run-{s}.log'))
            time.sleep(dice.choice([0, 0.02, dice.random() * took]))
        victim = None
        if dice.random() < 0.6:
            victim = dice.choice(runs)
            time.sleep(dice.random() * took)
            if victim.process.poll() is None:
                victim.process.send_signal(signal.SIGKILL)
        logs = [run.log for run in runs]
        codes = [run.end() for run in runs]
        for run, code in zip(runs, codes):
            if code == 2:
                if 'another run writes into this folder' not in run.text() or 'process ' not in run.text():
                    fail(f'pair {pair}: a run was refused without the other being named', *logs)
                counts['refused'] += 1
            elif code == -signal.SIGKILL and run is victim:
                counts['killed'] += 1
            elif code == 0:
                counts['done'] += 1
            else:
                fail(f'pair {pair}: exit code {code}', *logs)
        if codes == [2, 2]:
            fail(f'pair {pair}: both were refused', *logs)
        done = [run for run, code in zip(runs, codes) if code == 0]
        if (out / 'model').exists():
            matches = [s for s in SEEDS if same(fathom, references[s], out)]
            if not matches:
                fail(f'pair {pair}: the model is none that was trained', *logs)
            if len(done) == 1 and victim is None and matches != [done[0].seed]:
                fail(f'pair {pair}: the model is not that of the run that went well', *logs)
        elif done:
            fail(f'pair {pair}: a run went well, and there is no model', *logs)
        if pair % 4 == 3:
            after = Run(fathom, config, out, packed, SEEDS[1], 1, scratch / 'after.log')
            if after.end() != 0:
                fail(f'pair {pair}: the folder cannot be taken afterwards', after.log, *logs)
            if not same(fathom, references[SEEDS[1]], out):
                fail(f'pair {pair}: the model of the run afterwards is another', after.log, *logs)
            if (out / 'run.lock').exists():
                fail(f'pair {pair}: the lock was left behind', after.log)
    if pairs >= 8 and counts['refused'] == 0:
        fail('no run met another')
    print(f'{pairs} pairs, never two at a time, every model one that was trained: ' +
          ', '.join(f'{what} {count}' for what, count in sorted(counts.items())))


if __name__ == '__main__':
    main()
