"""Kills, stops and aborts processes of training jobs at random moments of chosen phases, starts each job
again on another layout with resume=auto until it is done, and compares its model with that of a run that
nobody disturbed.

  kill_matrix.py FATHOM SCRATCH CONFIG [KILLS [SEED]]

Fails if a job does not end inside its deadline after a kill, if a process is left behind, if a job that
was killed says it went well without having a model, if one begins anew although it has a checkpoint, or if a
model differs.
"""
import collections
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

TIMEOUT_SECONDS = 3          # cluster.timeout_seconds
KILLED_DEADLINE = 10         # mpirun's own two seconds, and a slow machine
STOPPED_DEADLINE = 2 * TIMEOUT_SECONDS + KILLED_DEADLINE
START_DEADLINE = 30 + KILLED_DEADLINE   # MPI_Init is cut off after 30 s
WHOLE_DEADLINE = 120
KILLS_A_JOB = 5
PARTITIONS = 64
PHASES = ['start', 'ingest', 'training', 'evaluation', 'checkpoint', 'before manifest', 'end']
SIGNALS = [signal.SIGKILL, signal.SIGSTOP, signal.SIGABRT]


def fail(text, log=None):
    print('FAILED:', text, file=sys.stderr)
    if log is not None and log.exists():
        print(log.read_text(errors='replace')[-3000:], file=sys.stderr)
    sys.exit(1)


class Job:
    """One start of a training run under mpirun, or in one process."""

    def __init__(self, fathom, out, config, settings, ranks, log):
        self.tag = 'output.dir=' + str(out)
        self.ranks = ranks
        self.log = log
        line = [fathom, 'train', str(config), self.tag, 'resume=auto'] + settings
        if ranks > 1:
            line = ['mpirun', '--oversubscribe', '--bind-to', 'none', '-np', str(ranks)] + line
        self.process = subprocess.Popen(line, stdout=open(log, 'w'), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def pids(self):
        """Of the ranks that are there: rank -> pid."""
        found = {}
        for entry in os.listdir('/proc'):
            if not entry.isdigit() or int(entry) == self.process.pid and self.ranks > 1:
                continue
            try:
                if self.tag not in pathlib.Path('/proc', entry, 'cmdline').read_text(errors='replace').split('\0'):
                    continue
                environment = pathlib.Path('/proc', entry, 'environ').read_text(errors='replace').split('\0')
            except OSError:
                continue
            rank = [v.split('=')[1] for v in environment if v.startswith('OMPI_COMM_WORLD_RANK=')]
            found[int(rank[0]) if rank else 0] = int(entry)
        return found

    def ended(self):
        return self.process.poll() is not None

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        for pid in self.pids().values():
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def partial_checkpoint(out):
    try:
        return [e.name for e in os.scandir(out / 'checkpoints') if e.name.endswith('.partial')]
    except OSError:
        return []


def has_checkpoint(out):
    try:
        return any(e.name.startswith('step-') and e.name[5:].isdigit() for e in os.scandir(out / 'checkpoints'))
    except OSError:
        return False


def data_without_manifest(out):
    for name in partial_checkpoint(out):
        try:
            files = os.listdir(out / 'checkpoints' / name)
        except OSError:
            continue
        if 'manifest.json' not in files and sum(f.startswith('rows-') for f in files) >= PARTITIONS:
            return True
    return False


def await_phase(job, out, phase, dice):
    """Returns when the phase is there; False if the job ended before."""
    ready = {
        'start': lambda: len(job.pids()) == job.ranks,
        'ingest': lambda: len(job.pids()) == job.ranks,
        'training': lambda: 'step ' in job.log.read_text(errors='replace'),
        'evaluation': lambda: 'evaluation after' in job.log.read_text(errors='replace'),
        'checkpoint': lambda: bool(partial_checkpoint(out)),
        'before manifest': lambda: data_without_manifest(out),
        'end': lambda: (out / 'model.partial' / 'dense.bin').exists(),
    }[phase]
    while not ready():
        if job.ended():
            return False
        if phase not in ('checkpoint', 'before manifest', 'end'):
            time.sleep(0.01)
    longest = {'start': 0.3, 'ingest': 0.6, 'training': 0.8, 'evaluation': 0.3}.get(phase, 0.02)
    time.sleep(dice.random() * longest)
    return not job.ended()


class Matrix:
    def __init__(self, fathom, scratch, config, kills, seed):
        self.fathom, self.scratch, self.config, self.kills = fathom, scratch, config, kills
        self.dice = random.Random(seed)
        self.counts = collections.Counter()
        self.slowest_end = 0.0

    def settings(self, ranks):
        dice = self.dice
        servers = dice.randint(1, 3) if ranks == 1 else dice.randint(1, max(1, ranks - 2))
        settings = [f'cluster.servers={servers}', f'cluster.threads={dice.randint(1, 2)}',
                    f'cluster.timeout_seconds={TIMEOUT_SECONDS}', 'output.progress_seconds=1',
                    f'checkpoint.every_steps={dice.choice([20, 50, 90])}', 'evaluate.every_steps=40']
        if ranks == 1:
            return settings + [f'cluster.workers={dice.randint(1, 3)}']
        return settings + [f'cluster.transport={dice.choice(["tcp", "tcp", "mpi"])}']

    def disturb(self, job, out, phase):
        """One kill. False: the job had ended before."""
        pids = job.pids()
        victims = list(pids) + (['mpirun'] if job.ranks > 1 else [])
        if not pids:
            return False
        victim = self.dice.choice(victims)
        how = self.dice.choice(SIGNALS)
        if victim == 'mpirun':
            how = signal.SIGKILL     # stopped or asked to abort, mpirun itself decides what becomes of the job
        if job.ranks == 1:
            how = self.dice.choice([signal.SIGKILL, signal.SIGABRT])   # nobody is there to miss a lone process
        try:
            os.kill(job.process.pid if victim == 'mpirun' else pids[victim], how)
        except ProcessLookupError:
            return False
        began = time.time()
        deadline = {True: START_DEADLINE, False: STOPPED_DEADLINE}[phase in ('start', 'ingest')]
        code = job.wait(deadline if how == signal.SIGSTOP else KILLED_DEADLINE)
        story = f'{how.name} of {"mpirun" if victim == "mpirun" else f"rank {victim}"} of {job.ranks}, phase {phase}'
        if code is None and job.ranks > 1 and not job.pids():
            # Open MPI 4.1: a rank killed within MPI_Init can leave mpirun waiting for nobody. `fathom launch`
            # ends such an mpirun as well.
            self.counts['mpirun that waited for nobody'] += 1
            job.process.kill()
            code = job.process.wait()
        if code is None and how == signal.SIGSTOP and list(job.pids()) == [victim] and (out / 'model' / 'manifest.json').exists():
            # Its work was done and the others have left: only mpirun still waits for it. `fathom launch` does not.
            self.counts['stopped after its work'] += 1
            job.end()
            code = 0
        if code is None:
            job.end()
            fail(f'{story}: the job did not end in time', job.log)
        took = time.time() - began
        while job.pids():
            if time.time() - began > took + 3:
                fail(f'{story}: processes were left behind: {job.pids()}', job.log)
            time.sleep(0.05)
        self.slowest_end = max(self.slowest_end, took)
        self.counts[phase] += 1
        self.counts[how.name] += 1
        self.counts['mpirun' if victim == 'mpirun' else 'a lone process' if job.ranks == 1 else f'rank {min(victim, 2)}{"+" if victim >= 2 else ""}'] += 1
        if code == 0 and not (out / 'model' / 'manifest.json').exists():
            fail(f'{story}: the job says it went well, and there is no model', job.log)
        return True

    def run_job(self, number, reference):
        out = self.scratch / f'job-{number}'
        log = self.scratch / f'job-{number}.log'
        kills = 0
        packed = self.scratch / 'packed'
        while True:
            ranks = self.dice.choice([1, 3, 4, 4, 5, 6])
            phase = self.dice.choice(PHASES)
            if phase == 'ingest':
                packed = out.with_suffix('.packed')
                shutil.rmtree(packed, ignore_errors=True)
            resumes = has_checkpoint(out)
            job = Job(self.fathom, out, self.config, self.settings(ranks) + [f'data.packed_dir={packed}', 'train.digests=true'], ranks, log)
            if kills < KILLS_A_JOB and sum(self.counts[p] for p in PHASES) < self.kills:
                if await_phase(job, out, phase, self.dice) and self.disturb(job, out, phase):
                    kills += 1
                    continue
            code = job.wait(WHOLE_DEADLINE)
            if code is None:
                job.end()
                fail('an undisturbed run did not end', log)
            if code != 0:
                fail(f'a run that nobody disturbed ended with exit code {code}', log)
            if resumes != ('going on from step' in log.read_text(errors='replace')):
                fail(f'job {number}: {"it has a checkpoint and began anew" if resumes else "it goes on from nothing"}', log)
            self.counts['resumed'] += resumes
            break
        compared = subprocess.run([self.fathom, 'compare', str(reference), str(out)], capture_output=True, text=True)
        if compared.returncode != 0:
            fail(f'job {number} after {kills} kills: {compared.stdout}', log)
        if (reference / 'digests.txt').read_bytes() != (out / 'digests.txt').read_bytes():
            fail(f'job {number} after {kills} kills: other digests of its steps', log)
        shutil.rmtree(out)
        shutil.rmtree(out.with_suffix('.packed'), ignore_errors=True)

    def run(self):
        reference = self.scratch / 'reference'
        first = Job(self.fathom, reference, self.config, [f'data.packed_dir={self.scratch / "packed"}', 'train.digests=true'], 1,
                    self.scratch / 'reference.log')
        if first.wait(WHOLE_DEADLINE) != 0:
            fail('the reference', first.log)
        jobs = 0
        while sum(self.counts[p] for p in PHASES) < self.kills:
            jobs += 1
            self.run_job(jobs, reference)
        if self.kills >= 20 and self.counts['resumed'] == 0:
            fail('no job went on from a checkpoint')
        missed = [kind for kind in list(PHASES) + [how.name for how in SIGNALS] if self.counts[kind] == 0]
        if self.kills >= 100 and missed or self.kills >= 20 and len(missed) > 4:
            fail(f'nothing was ever killed in or by: {", ".join(missed)}')
        kinds = ', '.join(f'{kind} {count}' for kind, count in sorted(self.counts.items()))
        print(f'{sum(self.counts[p] for p in PHASES)} kills in {jobs} jobs, every model identical; {kinds}; '
              f'slowest end {self.slowest_end:.1f} s after its kill')


if __name__ == '__main__':
    fathom, scratch, config = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    kills = int(sys.argv[4]) if len(sys.argv) > 4 else 20
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.SystemRandom().randrange(1 << 32)
    print(f'{kills} kills, seed {seed}', flush=True)
    Matrix(fathom, scratch, config, kills, seed).run()
