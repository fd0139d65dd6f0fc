"""HNSW by hnswlib (Debian: python3-hnswlib) on the benchmark's vectors.

hnswlib_peer.py VECTORS DIMENSIONS QUERIES LINKS BREADTH EF...

VECTORS is row-major float32; its last QUERIES rows are the queries. Prints a JSON line for each EF: recall@10 against
exact search, processor seconds a query on one thread, bytes of the index, processor seconds of building.
"""
import json
import os
import sys
import tempfile
import time

import hnswlib
import numpy

path, dimensions, queries, links, breadth = sys.argv[1], *map(int, sys.argv[2:6])
vectors = numpy.fromfile(path, dtype="float32").reshape(-1, dimensions)
base, asked = vectors[:-queries].copy(), vectors[-queries:].copy()
exact = numpy.argpartition(-(asked @ base.T), 10, axis=1)[:, :10]
index = hnswlib.Index(space="ip", dim=dimensions)
index.init_index(max_elements=len(base), M=links, ef_construction=breadth, random_seed=1)
began = time.process_time()
index.add_items(base, num_threads=os.cpu_count())
building = time.process_time() - began
with tempfile.TemporaryDirectory() as folder:
    index.save_index(os.path.join(folder, "index"))
    size = os.path.getsize(os.path.join(folder, "index"))
index.set_num_threads(1)
for ef in map(int, sys.argv[6:]):
    index.set_ef(ef)
    index.knn_query(asked[:50], k=10)
    began = time.process_time()
    found, _ = index.knn_query(asked, k=10)
    seconds = (time.process_time() - began) / queries
    recall = numpy.mean([len(numpy.intersect1d(a, b)) / 10 for a, b in zip(found, exact)])
    print(json.dumps({"ef": ef, "recall": float(recall), "seconds": seconds, "bytes": size / len(base), "building": building}), flush=True)
