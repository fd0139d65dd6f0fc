"""HNSW by hnswlib (Debian: python3-hnswlib) on the benchmark's vectors.

hnswlib_peer.py NAME DIMENSIONS QUERIES LINKS BREADTH

NAME.f32 is row-major float32, its last QUERIES rows are the queries; NAME.exact the numbers of their ten best, int32. The
index is kept in NAME.index, since building takes minutes. Prints a JSON line about it, then one for each ef that comes by
standard input: recall@10 and processor seconds a query, one thread.
"""
import importlib.metadata
import json
import os
import sys
import time

import hnswlib
import numpy

name, dimensions, queries, links, breadth = sys.argv[1], *map(int, sys.argv[2:6])
vectors = numpy.fromfile(name + ".f32", dtype="float32").reshape(-1, dimensions)
os.remove(name + ".f32")
base, asked = vectors[:-queries], vectors[-queries:].copy()
exact = numpy.fromfile(name + ".exact", dtype="int32").reshape(queries, 10)
index = hnswlib.Index(space="ip", dim=dimensions)
if not os.path.exists(name + ".index"):
    index.init_index(max_elements=len(base), M=links, ef_construction=breadth, random_seed=1)
    began = time.process_time()
    index.add_items(base, num_threads=os.cpu_count())
    with open(name + ".seconds", "w", encoding="ascii") as file:
        file.write(str(time.process_time() - began))
    index.save_index(name + ".index.part")
    os.rename(name + ".index.part", name + ".index")
else:
    index.load_index(name + ".index")
with open(name + ".seconds", encoding="ascii") as file:
    building = float(file.read())
print(json.dumps({"version": importlib.metadata.version("hnswlib"), "bytes": os.path.getsize(name + ".index") / len(base), "building": building}), flush=True)
del vectors, base
index.set_num_threads(1)
for line in sys.stdin:
    index.set_ef(int(line))
    index.knn_query(asked[:50], k=10)
    began = time.process_time()
    found, _ = index.knn_query(asked, k=10)
    seconds = (time.process_time() - began) / queries
    recall = numpy.mean([len(numpy.intersect1d(a, b)) / 10 for a, b in zip(found, exact)])
    print(json.dumps({"recall": float(recall), "seconds": seconds}), flush=True)
