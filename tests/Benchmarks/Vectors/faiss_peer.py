"""OPQ by FAISS on the benchmark's vectors (Debian: python3-faiss, with libopenblas0-pthread as its BLAS).

faiss_peer.py VECTORS DIMENSIONS QUERIES PARTS ITERATIONS TRAINING_ROWS INDEX

VECTORS is row-major float32; its last QUERIES rows are the queries. The trained index is kept in INDEX, since training
takes minutes; TRAINING_ROWS and ITERATIONS are those of the rotation (FAISS's own: 65536 and 50), the codebooks always
see all rows. Prints one JSON line; the numbers of the 40 best of each query, int64, go to INDEX.ids. One thread;
seconds are of the processor.
"""
import json
import os
import sys
import time

import faiss
import numpy

path, dimensions, queries, parts, iterations, training_rows, index_path = sys.argv[1], *map(int, sys.argv[2:7]), sys.argv[7]
faiss.omp_set_num_threads(1)
vectors = numpy.fromfile(path, dtype="float32").reshape(-1, dimensions)
base, asked = vectors[:-queries].copy(), vectors[-queries:].copy()
if not os.path.exists(index_path):
    began = time.process_time()
    rotation = faiss.OPQMatrix(dimensions, parts)
    rotation.niter, rotation.max_train_points = iterations, training_rows
    codes = faiss.IndexPQ(dimensions, parts, 8, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexPreTransform(rotation, codes)
    index.train(base)
    index.add(base)
    faiss.write_index(index, index_path + ".part")
    with open(index_path + ".seconds", "w", encoding="ascii") as file:
        file.write(str(time.process_time() - began))
    os.rename(index_path + ".part", index_path)
index = faiss.read_index(index_path)
some = base[:5000]
began = time.process_time()
index.sa_encode(some)
encoding = (time.process_time() - began) / len(some)
began = time.process_time()
_, found = index.search(asked, 40)
searching = (time.process_time() - began) / queries
found.astype("int64").tofile(index_path + ".ids")
with open(index_path + ".seconds", encoding="ascii") as file:
    training = float(file.read())
print(json.dumps({
    "version": faiss.__version__, "options": faiss.get_compile_options().strip(), "training": training, "encoding": encoding,
    "searching": searching, "bytes": os.path.getsize(index_path) / len(base)}))
