"""Scans of other libraries over the benchmark's vectors (Debian: python3-faiss; sqlite-vec's vec0.so from npm).

scan_peers.py VECTORS EXACT SQLITE_VEC DIMENSIONS QUERIES

EXACT holds the numbers of the ten best rows of each query, int32. Prints one JSON line: seconds of the processor a query
and recall@10 of FAISS's 4-bit product quantisation in registers, of its exact scan, and of sqlite-vec's tables of float32
and of bits. One thread.
"""
import json
import sqlite3
import sys
import time

import faiss
import numpy

path, exact_path, extension, dimensions, queries = *sys.argv[1:4], *map(int, sys.argv[4:6])
faiss.omp_set_num_threads(1)
vectors = numpy.fromfile(path, dtype="float32").reshape(-1, dimensions)
base, asked = vectors[:-1000].copy(), vectors[-1000:][:queries].copy()
exact = numpy.fromfile(exact_path, dtype="int32").reshape(-1, 10)[:queries]


def measure(search):
    found, times = [], []
    for query in asked:
        began = time.process_time()
        found.append(search(query))
        times.append(time.process_time() - began)
    recall = numpy.mean([len(set(f) & set(e)) / 10 for f, e in zip(found, exact)])
    return {"seconds": sorted(times)[len(times) // 2], "recall": float(recall)}


result = {"faiss": faiss.__version__, "options": faiss.get_compile_options().strip()}
flat = faiss.IndexFlatIP(dimensions)
flat.add(base)
result["faiss exact"] = measure(lambda q: flat.search(q[None], 10)[1][0])
for parts in (96, 192):
    fast = faiss.IndexPQFastScan(dimensions, parts, 4, faiss.METRIC_INNER_PRODUCT)
    fast.train(base)
    fast.add(base)
    result[f"faiss PQ{parts}x4fs"] = measure(lambda q: fast.search(q[None], 10)[1][0])
if extension != "-":
    database = sqlite3.connect(":memory:")
    database.enable_load_extension(True)
    database.load_extension(extension)
    result["sqlite-vec"] = database.execute("SELECT vec_version()").fetchone()[0]
    database.execute(f"CREATE VIRTUAL TABLE whole USING vec0(v float[{dimensions}] distance_metric=cosine)")
    database.executemany("INSERT INTO whole(rowid, v) VALUES (?, ?)", ((i + 1, v.tobytes()) for i, v in enumerate(base)))
    database.execute(f"CREATE VIRTUAL TABLE bits USING vec0(v bit[{dimensions}])")
    database.executemany("INSERT INTO bits(rowid, v) VALUES (?, vec_quantize_binary(?))", ((i + 1, v.tobytes()) for i, v in enumerate(base)))
    few = asked[:40]
    asked, exact = few, exact[:40]
    result["sqlite-vec float32"] = measure(lambda q: [r[0] - 1 for r in database.execute("SELECT rowid FROM whole WHERE v MATCH ? AND k = 10", (q.tobytes(),))])
    result["sqlite-vec bits"] = measure(lambda q: [r[0] - 1 for r in database.execute("SELECT rowid FROM bits WHERE v MATCH vec_quantize_binary(?) AND k = 10", (q.tobytes(),))])
print(json.dumps(result))
