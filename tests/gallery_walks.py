"""Walks to enrol, looks into a gallery's bytes, and processes that write to it until they are killed."""

import multiprocessing
import time

import numpy as np

from gaitheat.gallery.gallery import Gallery, Take

EMBEDDER = "mean-heatmap-1/blazepose-full/rgb-1/e9a5c5cb"
DIMENSION = 48
FORKS = "forkserver" in multiprocessing.get_all_start_methods()
PROCESSES = multiprocessing.get_context("forkserver" if FORKS else "spawn")
if FORKS:
    # A hundred processes shall not import all of it a hundred times.
    PROCESSES.set_forkserver_preload(["gaitheat.gallery.gallery"])


def embedding(seed, dimension=DIMENSION):
    numbers = np.random.default_rng(seed).normal(size=dimension)
    return (numbers / np.linalg.norm(numbers)).astype(np.float32)


def walk(seed, **changes):
    take = Take(embedding(seed), 50, f"walk {seed}.mp4", f"{seed:064x}", "blazepose-full/rgb-1/e9a5c5cb")
    return take._replace(**changes)


def enroll(gallery, name, *seeds):
    return gallery.enroll(name, [walk(seed) for seed in seeds], EMBEDDER)


def contents(folder):
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def holds(folder, mark):
    return any(mark in data or mark in name.encode() for name, data in contents(folder).items())


class Notes:
    """What a process says that it did: it may be killed after any line."""

    def __init__(self, path):
        self.path = path
        path.touch()

    def add(self, line):
        with self.path.open("a") as file:
            file.write(f"{line}\n")

    def lines(self):
        return self.path.read_text().split("\n")[:-1]


def enroll_many(folder, who, count, notes):
    """Runs in a process of its own: enrols one person after another."""
    gallery = Gallery.create(folder, EMBEDDER, DIMENSION)
    for number in range(count):
        enroll(gallery, f"<{who}-{number}>", 10_000 * (who + 1) + number)
        notes.add(f"+<{who}-{number}>")


def live(folder, who, notes):
    """Runs in a process of its own until it is killed: enrols, puts other takes in the place, forgets."""
    gallery = Gallery.create(folder, EMBEDDER, DIMENSION)
    for number in range(5_000):
        name, seed = f"<{who}-{number}>", 10_000 * (who + 1) + 2 * number
        enroll(gallery, name, seed)
        notes.add(f"+{name}")
        if number % 3 == 1:
            gallery.replace(name, [walk(seed + 1)], EMBEDDER)
        if number % 3 == 2:
            earlier = f"<{who}-{number - 1}>"
            notes.add(f"?{earlier}")
            gallery.forget(earlier)
            notes.add(f"-{earlier}")


def killed(folder, who, notes, after):
    """One life that ends so many seconds after its first enrolment."""
    victim = PROCESSES.Process(target=live, args=(folder, who, notes))
    earlier = len(notes.lines())
    victim.start()
    while len(notes.lines()) == earlier:
        assert victim.is_alive()
        time.sleep(0.001)
    time.sleep(after)
    victim.kill()
    victim.join()


def noted(notes, sign):
    """Whom the lines with this sign are about."""
    return {line[1:] for line in notes.lines() if line[0] == sign}
