#!/usr/bin/env python3
"""What becomes of outputs when kibble is killed, starved, cut off or deceived.

    python3 Tests/Faults/faults.py [PROGRAM] [--kills 200] [--points 5] [--only CASE,...] [--seed 0] [--size 24]

PROGRAM is .build/release/kibble unless given; only the standard library is used. Each case runs kibble in a fresh folder that holds
an older output, brings its fault about at a random moment or at several sizes, and asserts that
  - the output is the older one or the new one, byte for byte as an undisturbed run writes it, and passes `kibble check`;
  - the exit code is among those documented for the fault, and never a signal but the one that was sent and cannot be caught;
  - 0 goes with the new output, and everything but 0 with the old one;
  - nothing else is left in the folder. SIGKILL may leave a temporary file, and so may a folder that loses its write permission; the
    next run removes it;
  - there is at most one error message, and after a first SIGINT or SIGTERM the run ends within a second.
`bytes` changes every byte of a small int4 file in turn: `check` must find each, and no command may end with a signal or take more than
5 s; of the other commands each is run on every 16th byte. It runs only where --only names it or with --bytes.

As root, the disk that is full is a tmpfs, and the case of the write permission runs as user 65534. It prints a table, and ends with 1
where there was a violation. The full run takes some minutes; --kills 10 --points 1 --size 2 a minute or two.
"""
import argparse
import atexit
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import checkpoint

NOBODY = 65534
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


def results(output):
    """What a command printed, without a heading that names the models."""
    return output.partition("\n\n")[2] if output.startswith("reference: ") else output


class Bench:
    """Inputs, undisturbed outputs, and what was found."""

    def __init__(self, options):
        self.options = options
        self.program = os.path.abspath(options.program)
        self.random = random.Random(options.seed)
        self.rows = {}
        self.folder = tempfile.mkdtemp(prefix="kibble-faults-")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)
        checkpoint.write(self.path("model"), width=256, inner=1024, layers=max(1, round(options.size / 2)))
        checkpoint.write(self.path("small"))
        with open(self.path("tokens.json"), "w") as file:
            file.write(str([[self.random.randrange(256) for _ in range(64)] for _ in range(4)]))
        self.must("convert", self.path("small"), "-o", self.path("old"))
        self.must("convert", self.path("model"), "-o", self.path("float.kibble"))
        self.must("quantize", self.path("model"), "-o", self.path("int4.kibble"), "--type", "int4")
        self.commands = {
            "convert": ["convert", "{model}", "-o", "{out}", "--force"],
            "quantize": ["quantize", "{float}", "-o", "{out}", "--force", "--type", "int4"],
            "gptq": ["quantize", "{float}", "-o", "{out}", "--force", "--type", "int4", "--method", "gptq", "--calibration",
                     self.path("tokens.json"), "--state", "{out}.state"],
            "logits": ["logits", "{float}", "-o", "{out}", "--force", "--tokens", self.path("tokens.json")],
            "export": ["export", "{float}", "-o", "{out}", "--force"],
            "verify": ["verify", "{float}", self.path("int4.kibble"), "--random", "64"],
            "generate": ["generate", "{float}", "--prompt", "hello", "--greedy", "--max-new-tokens", "16"],
            "bench": ["bench", "{float}", "--prefill", "16", "--decode", "8", "--repeat", "1"],
            "check": ["check", "{float}"],
            "perplexity": ["perplexity", "{float}", "--tokens", self.path("tokens.json")],
            "inspect": ["inspect", "{float}", "--stats"],
        }
        self.expected, self.seconds = {}, {}
        for name in ["convert", "quantize", "gptq", "logits", "export", "verify", "generate", "check"]:
            with self.place() as place:
                start = time.monotonic()
                run = Run(self, name, place)
                assert run.wait() == 0, run.errors
                self.seconds[name] = time.monotonic() - start
                self.expected[name] = content(place.out) if self.writes(name) else run.output

    def path(self, name):
        return os.path.join(self.folder, name)

    def must(self, *arguments):
        subprocess.run([self.program, *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)

    def writes(self, name):
        return "{out}" in self.commands[name]

    def place(self, **options):
        return Place(self, **options)

    def moments(self, name, count):
        return [self.random.uniform(0, 1.05 * self.seconds[name]) for _ in range(count)]

    def note(self, case, seconds=0.0, *faults):
        row = self.rows.setdefault(case, [0, 0, 0.0])
        row[0] += 1
        row[1] += len(faults) > 0
        row[2] = max(row[2], seconds)
        for fault in faults:
            print(f"VIOLATION {case}: {fault}", flush=True)

    def judge(self, case, run, place, codes, seconds=0.0, may_leave=False):
        """Holds what a run left against what it should leave."""
        faults = []
        if run.code not in codes and run.code != 0:
            faults.append(f"{run.name} ended with {run.code}, not {sorted(codes)}: {run.errors[-300:]}")
        messages = [line for line in run.errors.splitlines() if "kibble: error: " in line]
        if len(messages) > 1 or "Fatal error" in run.errors or "rashed" in run.errors:
            faults.append(f"{run.name} said more than one thing: {run.errors[-500:]}")
        if self.writes(run.name):
            found, old, place.old = content(place.out), place.old, content(place.out)
            right = self.expected[run.name] if run.code == 0 else old
            if found != right and not (found == self.expected[run.name] and run.code == -signal.SIGKILL):
                faults.append(f"{run.name} ended with {run.code} and another output than that calls for")
        elif run.code == 0 and run.name in self.expected and results(run.output) != results(self.expected[run.name]):
            faults.append(f"{run.name} ended with 0 and other results")
        rest = place.others()
        if rest and may_leave:
            Run(self, "convert", place, out=place.out + ".next").wait()
            os.remove(place.out + ".next")
            rest = place.others()
        if rest:
            faults.append(f"{run.name} ended with {run.code} and left {rest}")
        self.note(case, seconds, *faults)


class Place:
    """A folder for an output, which holds an older one."""

    def __init__(self, bench, parent=None):
        self.folder = tempfile.mkdtemp(dir=parent or bench.folder)
        self.out = os.path.join(self.folder, "out")
        shutil.copy(bench.path("old"), self.out)
        self.old = content(self.out)

    def others(self):
        names = os.listdir(self.folder) if os.path.isdir(self.folder) else []
        return [name for name in names if name not in ("out", "out.state")]

    def make_folder(self):
        """The older output of an export."""
        os.remove(self.out)
        os.mkdir(self.out)
        with open(os.path.join(self.out, "config.json"), "w") as file:
            file.write("{}")
        self.old = content(self.out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def content(path):
    """The bytes of a file, or of all files of a folder."""
    if os.path.isdir(path):
        return {name: content(os.path.join(path, name)) for name in os.listdir(path)}
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


class Run:
    """A started command."""

    def __init__(self, bench, name, place, source=None, out=None, limits=(), user=None, closed=()):
        self.name = name
        if name == "export" and os.path.isfile(place.out):
            place.make_folder()
        values = {"{model}": bench.path("model"), "{float}": source or bench.path("float.kibble"), "{out}": out or place.out,
                  "{out}.state": place.out + ".state"}
        if source and os.path.isdir(source):
            values["{model}"] = source
        # Results name the model.
        self.original = bench.path("float.kibble")
        self.source = source or self.original
        arguments = [values.get(word, word) for word in bench.commands[name]]

        def prepare():
            for kind, limit in limits:
                resource.setrlimit(kind, (limit, limit))
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            for number in closed:
                os.close(number)

        # Files, since pipes would have to be read meanwhile.
        self.files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        self.process = subprocess.Popen(
            [bench.program, *arguments, "--quiet"], stdin=subprocess.DEVNULL, stdout=self.files[0], stderr=self.files[1],
            preexec_fn=prepare, close_fds=True)

    def wait(self, timeout=120):
        try:
            self.code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.code = "no end"
        texts = []
        for file in self.files:
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        self.output, self.errors = texts[0].replace(self.source, self.original), texts[1]
        return self.code

    def is_running(self):
        return self.process.poll() is None


def kills(bench):
    """SIGKILL, SIGTERM and SIGINT at random moments."""
    names = ["convert", "quantize", "gptq", "export"]
    for number in range(bench.options.kills):
        name, kind = names[number % len(names)], bench.random.choice(SIGNALS)
        with bench.place() as place:
            for turn in range(2 if name == "gptq" else 1):
                run = Run(bench, name, place)
                time.sleep(bench.moments(name, 1)[0])
                begun = ready(run)
                run.process.send_signal(kind)
                start = time.monotonic()
                run.wait()
                seconds = time.monotonic() - start
                # Before its handler is there, a signal ends the program by itself.
                codes = {CODES.get(kind, -kind)} | ({-kind} if not begun else set())
                bench.judge(f"kill {name}, {kind.name}", run, place, codes, seconds, may_leave=kind == signal.SIGKILL)
                if kind != signal.SIGKILL and seconds > 1:
                    bench.note("ends within a second", seconds, f"{name} took {seconds:.1f} s")
            if name == "gptq":
                # Whatever was left, the state goes on to the same bytes.
                run = Run(bench, name, place)
                run.wait()
                bench.judge("gptq, continued", run, place, {0})
                if os.path.exists(place.out + ".state"):
                    bench.note("gptq, continued", 0.0, "the state of a finished run is still there")


def ready(run):
    """Whether the program's handlers are there already, which its mask of caught signals tells."""
    try:
        with open(f"/proc/{run.process.pid}/status") as file:
            caught = next(int(line.split()[1], 16) for line in file if line.startswith("SigCgt"))
        return caught >> (signal.SIGTERM - 1) & 1 == 1
    except (OSError, StopIteration):
        return True


def two_signals(bench):
    """Two signals at once, where nobody waits for an orderly end."""
    for name in ["convert", "gptq", "export"]:
        for moment in bench.moments(name, bench.options.points):
            with bench.place() as place:
                run = Run(bench, name, place)
                time.sleep(moment)
                begun = ready(run)
                for _ in range(2):
                    run.process.send_signal(signal.SIGTERM)
                start = time.monotonic()
                run.wait()
                bench.judge("two signals", run, place, {143} | ({-15} if not begun else set()), time.monotonic() - start)


def disk(bench):
    """A disk that is full, or becomes so."""
    if os.getuid() != 0:
        print("not root: no tmpfs; see `limits` for -f")
        return
    size = len(bench.expected["convert"])
    for name in ["convert", "quantize", "gptq", "logits", "export"]:
        for point in range(bench.options.points):
            mount = tempfile.mkdtemp(dir=bench.folder)
            # Half of them are too small from the beginning, the others are filled meanwhile.
            grows = point % 2 == 0
            room = 8 * size if grows else 65_536 + int(bench.random.random() * size / 8)
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", mount]).returncode != 0:
                print("cannot mount a tmpfs")
                return
            try:
                with bench.place(parent=mount) as place:
                    run = Run(bench, name, place)
                    if grows:
                        time.sleep(bench.moments(name, 1)[0] / 2)
                        fill(os.path.join(mount, "filler"))
                    run.wait()
                    bench.judge("full disk", run, place, {73, 74})
            finally:
                subprocess.run(["umount", "-l", mount])


def fill(path):
    try:
        with open(path, "wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 65_536)
    except OSError:
        pass


def permission(bench):
    """A folder that loses its write permission."""
    for name in ["convert", "quantize", "logits", "export"]:
        for moment in [0.0, *bench.moments(name, bench.options.points)]:
            with bench.place() as place:
                user = NOBODY if os.getuid() == 0 else None
                if name == "export":
                    place.make_folder()
                if user:
                    for folder, _, names in os.walk(place.folder):
                        for path in [folder, *(os.path.join(folder, name) for name in names)]:
                            os.chown(path, user, user)
                if moment == 0:
                    os.chmod(place.folder, 0o555)
                run = Run(bench, name, place, user=user)
                time.sleep(moment)
                os.chmod(place.folder, 0o555)
                run.wait()
                os.chmod(place.folder, 0o755)
                if user:
                    # Only its owner's next run may take away what it left.
                    next_run = Run(bench, "convert", place, out=place.out + ".next", user=user)
                    next_run.wait()
                    os.remove(place.out + ".next")
                bench.judge("no write permission", run, place, {73, 74}, may_leave=True)


def no_folder(bench):
    """A folder that is removed, or moved away."""
    for name in ["convert", "gptq", "logits", "export"]:
        for index, moment in enumerate(bench.moments(name, 2 * bench.options.points)):
            with bench.place() as place:
                run = Run(bench, name, place)
                time.sleep(moment)
                ended = not run.is_running()
                away = place.folder + ".away"
                os.rename(place.folder, away)
                if index % 2 == 0:
                    shutil.rmtree(away, ignore_errors=True)
                run.wait()
                faults = []
                if run.code not in (0, 73, 74) or (run.code == 0 and not ended and os.path.exists(place.folder)):
                    faults.append(f"{name} ended with {run.code}: {run.errors[-300:]}")
                if os.path.exists(away):
                    rest = [other for other in os.listdir(away) if other not in ("out", "out.state")]
                    if rest:
                        faults.append(f"{name} left {rest} in a folder that was moved")
                    shutil.rmtree(away)
                bench.note("folder gone", 0.0, *faults)


def limits(bench):
    """Too little address space, too few descriptors, too short files, no processes."""
    points = bench.options.points
    for name in bench.commands:
        for point in range(4 * points):
            # From what the loader needs upward.
            memory = int((40 + 160 * (point + bench.random.random()) / (4 * points)) * 2**20)
            with bench.place() as place:
                run = Run(bench, name, place, limits=[(resource.RLIMIT_AS, memory)])
                run.wait()
                # 127 is the loader's, before the program begins.
                codes = {74} | ({127, 1} if "shared libraries" in run.errors else set())
                bench.judge("ulimit -v", run, place, codes)
        for count in [3, 4, 5, 6, 7, 8, 10][: 2 + points]:
            with bench.place() as place:
                run = Run(bench, name, place, limits=[(resource.RLIMIT_NOFILE, count)])
                run.wait()
                codes = {66, 73, 74} | ({127, 1} if "shared libraries" in run.errors else set())
                bench.judge("ulimit -n", run, place, codes)
        if not bench.writes(name):
            continue
        for _ in range(points):
            with bench.place() as place:
                length = int(bench.random.random() * len(bench.expected["quantize"]))
                run = Run(bench, name, place, limits=[(resource.RLIMIT_FSIZE, length)])
                run.wait()
                bench.judge("ulimit -f", run, place, {74})
        if os.getuid() == 0:
            with bench.place() as place:
                for folder, _, names in os.walk(place.folder):
                    for path in [folder, *(os.path.join(folder, name) for name in names)]:
                        os.chown(path, NOBODY, NOBODY)
                if name == "export":
                    place.make_folder()
                    os.chown(place.out, NOBODY, NOBODY)
                run = Run(bench, name, place, limits=[(resource.RLIMIT_NPROC, 1)], user=NOBODY)
                run.wait()
                bench.judge("ulimit -u", run, place, {74})


def descriptors(bench):
    """Standard descriptors that are closed."""
    for name in ["convert", "quantize", "gptq", "logits", "export", "check"]:
        for mask in range(1, 8):
            with bench.place() as place:
                run = Run(bench, name, place, closed=[number for number in range(3) if mask >> number & 1])
                run.wait()
                if not bench.writes(name) and mask & 2:
                    run.output = bench.expected[name]
                bench.judge("closed descriptors", run, place, {74})


def sources(bench):
    """A source that is cut off or overwritten while it is read."""
    for name in ["convert", "quantize", "gptq", "logits", "export", "verify", "generate", "check"]:
        for index, moment in enumerate(bench.moments(name, 2 * bench.options.points)):
            with bench.place() as place:
                original = bench.path("model" if name == "convert" else "float.kibble")
                source = place.folder + ".source.kibble"
                (shutil.copytree if os.path.isdir(original) else shutil.copy)(original, source)
                weights = os.path.join(source, "model.safetensors") if os.path.isdir(source) else source
                size = os.path.getsize(weights)
                run = Run(bench, name, place, source=source)
                time.sleep(moment)
                if index % 2 == 0:
                    os.truncate(weights, int(size * bench.random.random()))
                else:
                    with open(weights, "r+b") as file:
                        for part in range(64):
                            file.seek(size * part // 64)
                            file.write(bench.random.randbytes(64))
                run.wait()
                # Where it comes before the file is opened, the file is plainly damaged.
                bench.judge("source cut off" if index % 2 == 0 else "source overwritten", run, place, {65, 74})
                (shutil.rmtree if os.path.isdir(source) else os.remove)(source)


def two(bench):
    """Two processes with one output."""
    for name in ["convert", "quantize", "gptq", "export"]:
        for _ in range(bench.options.points):
            with bench.place() as place:
                runs = [Run(bench, name, place)]
                time.sleep(bench.random.uniform(0, bench.seconds[name] / 2))
                runs.append(Run(bench, name, place))
                codes = sorted(run.wait() for run in runs)
                faults = []
                # With --state, the second is refused; the state may also be gone and made anew.
                if codes not in ([0, 0], [0, 73]):
                    faults.append(f"{name} ended with {codes}: {[run.errors[-300:] for run in runs]}")
                if content(place.out) != bench.expected[name] or place.others():
                    faults.append(f"{name} left {place.others()}, or another output")
                bench.note("two processes", 0.0, *faults)


def every_byte(bench):
    """Every byte of a small file changed in turn."""
    with bench.place() as place:
        bench.must("convert", bench.path("small"), "-o", place.out, "--force", "--type", "int4")
        whole = content(place.out)
        lines = os.path.join(place.folder, "lines")
        with open(lines, "w") as file:
            file.write('{"text": "hi", "messages": [{"role": "user", "content": "hi"}]}\n')
        path = os.path.join(place.folder, "changed.kibble")
        other = os.path.join(place.folder, "other")
        commands = [
            ["inspect", path, "--stats"], ["verify", path, place.out, "--random", "8"], ["generate", path, "--prompt", "hi"],
            ["tokenize", path, "hi"], ["render", path, "--jsonl", lines], ["chat", path, "--message", "hi"],
            ["logits", path, "--tokens", bench.path("tokens.json"), "-o", other, "--force"],
            ["export", path, "-o", other + ".folder", "--force"], ["quantize", path, "-o", other, "--force", "--type", "int8"],
            ["perplexity", path, "--tokens", bench.path("tokens.json")], ["bench", path, "--prefill", "4", "--decode", "2", "--repeat", "1"],
        ]
        limit = (resource.RLIMIT_AS, 4 << 30)
        for offset in range(0, len(whole), bench.options.stride):
            changed = bytearray(whole)
            changed[offset] ^= 1 << bench.random.randrange(8)
            with open(path, "wb") as file:
                file.write(changed)
            runs = [["check", path]]
            if offset % (16 * bench.options.stride) == 0:
                runs += [commands[(offset // (16 * bench.options.stride) + step) % len(commands)] for step in range(3)]
            for arguments in runs:
                start = time.monotonic()
                try:
                    run = subprocess.run(
                        [bench.program, *arguments, "--quiet"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5,
                        preexec_fn=lambda: resource.setrlimit(limit[0], (limit[1], limit[1])))
                    code = run.returncode
                except subprocess.TimeoutExpired:
                    code = "no end"
                right = {65, 69} if arguments[0] == "check" else set(range(70)) | {73}
                faults = [] if code in right else [f"byte {offset}: {arguments[0]} ended with {code}"]
                bench.note(f"bytes, {arguments[0]}", time.monotonic() - start, *faults)


CASES = {
    "kills": kills, "two-signals": two_signals, "disk": disk, "permission": permission, "folder": no_folder, "limits": limits,
    "descriptors": descriptors, "sources": sources, "two": two, "bytes": every_byte,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", default=".build/release/kibble")
    parser.add_argument("--kills", type=int, default=200, help="signals at random moments")
    parser.add_argument("--points", type=int, default=5, help="moments or sizes of each other fault")
    parser.add_argument("--only", help="cases: " + ", ".join(CASES))
    parser.add_argument("--bytes", action="store_true", help="also change every byte of a small file")
    parser.add_argument("--stride", type=int, default=1, help="bytes from one that is changed to the next")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=float, default=24, help="megabytes of the model")
    options = parser.parse_args()
    bench = Bench(options)
    chosen = options.only.split(",") if options.only else [name for name in CASES if name != "bytes" or options.bytes]
    for name in chosen:
        start = time.monotonic()
        CASES[name](bench)
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    print(f"{'case':34} {'runs':>6} {'violations':>11} {'longest, s':>11}")
    for name, (runs, violations, seconds) in bench.rows.items():
        print(f"{name:34} {runs:6} {violations:11} {f'{seconds:.2f}' if seconds else '':>11}")
    violations = sum(row[1] for row in bench.rows.values())
    print(f"{sum(row[0] for row in bench.rows.values())} runs, {violations} violations")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
