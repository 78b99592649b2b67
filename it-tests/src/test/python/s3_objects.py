"""What runs beside the server under test in the tests of buckets: another S3 server, and the package zodb-s3blobs."""

import random
import sys

import transaction
import ZODB
from ZODB.blob import Blob
from ZODB.FileStorage import FileStorage

SIZES = 0, 1, 59_000, 200_000, 3_000_000


def serve(bucket):
    """moto's server with a bucket, until the standard input ends; prints its address."""
    import boto3
    from moto.server import ThreadedMotoServer
    server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client('s3', endpoint_url=f'http://{host}:{port}', region_name='us-east-1',
                          aws_access_key_id='local', aws_secret_access_key='local')
    client.create_bucket(Bucket=bucket)
    print(f'http://{host}:{port}', flush=True)
    sys.stdin.read()
    server.stop()


def write(endpoint, access_key, secret_key, bucket, data_file, cache):
    """A database whose blobs zodb-s3blobs has written: one of each size, in two revisions."""
    from zodb_s3blobs.cache import S3BlobCache
    from zodb_s3blobs.s3client import S3Client
    from zodb_s3blobs.storage import S3BlobStorage
    client = S3Client(bucket, prefix='site', endpoint_url=endpoint, region_name='us-east-1', use_ssl=False,
                      aws_access_key_id=access_key, aws_secret_access_key=secret_key, addressing_style='path')
    db = ZODB.DB(S3BlobStorage(FileStorage(data_file), client, S3BlobCache(cache)))
    conn = db.open()
    for size in SIZES:
        conn.root()[f'blob {size}'] = Blob(b'first')
    transaction.commit()
    for size in SIZES:
        with conn.root()[f'blob {size}'].open('w') as file:
            file.write(random.Random(size).randbytes(size))
    transaction.commit()
    db.close()


if __name__ == '__main__':
    {'serve': serve, 'write': write}[sys.argv[1]](*sys.argv[2:])
