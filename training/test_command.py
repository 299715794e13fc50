import contextlib
import hashlib
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

from training import __main__ as command


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.models, self.work = pathlib.Path(folder.name, "models"), pathlib.Path(folder.name, "work")
        for role in ("embedder", "verifier"):
            (self.models / role).mkdir(parents=True)
            (self.models / role / "model.onnx").write_bytes(b"shipped")
        entry = {"name": "n", "bytes": 7, "sha256": hashlib.sha256(b"shipped").hexdigest()}
        (self.models / "manifest.json").write_text(json.dumps({role: {**entry, "file": f"{role}/model.onnx"} for role in ("embedder", "verifier")}))
        self.work.mkdir()
        self.enterContext(mock.patch.object(command, "MODELS", str(self.models)))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def embed(self, made, replace):
        """The stage with a model of these bytes made; gives what is in `models/` afterwards."""
        (self.work / "embedder").mkdir()
        (self.work / "embedder" / "model.int8.onnx").write_bytes(made)
        with mock.patch.object(command, "run"):
            command.embed(str(self.work), replace)
        manifest = json.loads((self.models / "manifest.json").read_text())
        return (self.models / "embedder" / "model.onnx").read_bytes(), manifest["embedder"]["sha256"]

    def test_another_embedder_stays_outside_unless_asked_for(self):
        self.assertEqual(self.embed(b"other", False), (b"shipped", hashlib.sha256(b"shipped").hexdigest()))

    def test_another_embedder_is_installed_where_asked_for(self):
        self.assertEqual(self.embed(b"other", True), (b"other", hashlib.sha256(b"other").hexdigest()))

    def test_the_same_embedder_changes_nothing(self):
        before = (self.models / "manifest.json").read_text()
        self.embed(b"shipped", True)
        self.assertEqual((self.models / "manifest.json").read_text(), before)

    def test_installs_a_verifier_with_its_entry(self):
        made = self.work / "made.onnx"
        made.write_bytes(b"verifier")
        command.install("verifier", str(made), name="new", maxTokens=128)
        entry = json.loads((self.models / "manifest.json").read_text())["verifier"]
        self.assertEqual(entry, {"name": "new", "bytes": 8, "sha256": hashlib.sha256(b"verifier").hexdigest(), "file": "verifier/model.onnx", "maxTokens": 128})

    def sittings(self, done, state):
        """What is run for 100 minutes when this was done."""
        if done is not None:
            (self.work / "progress.json").write_text(json.dumps(done))
        if state:
            (self.work / "state.pt").touch()
        started = []

        def run(_, *arguments):
            started.append((arguments[arguments.index("--name") + 1], float(arguments[arguments.index("--minutes") + 1]), "--resume" in arguments))
            (self.work / "state.pt").touch()

        with mock.patch.object(command, "run", run), mock.patch.object(command.base, "fetch_bge"):
            command.train(str(self.work), "data", 100, 1)
        return [(name, round(minutes), resume) for name, minutes, resume in started]

    def test_trains_in_two_sittings(self):
        self.assertEqual(self.sittings(None, False), [("level", 55, False), ("final", 45, True)])

    def test_a_sitting_that_was_broken_off_goes_on_within_its_budget(self):
        self.assertEqual(self.sittings([{"name": "level", "minutes": 55}, {"name": "final", "minutes": 20.5}], True), [("final", 45, True)])

    def test_what_is_done_is_not_done_again(self):
        self.assertEqual(self.sittings([{"name": "level", "minutes": 55}, {"name": "final", "minutes": 45}], True), [])
