"""The tools of the command line beside Python's own, on the same files and the same servers."""

import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout

import transaction
import ZODB
from persistent.mapping import PersistentMapping
from ZEO import nagios
from ZODB.FileStorage import FileIterator, FileStorage
from ZODB.fsIndex import fsIndex
from ZODB.fsrecover import recover as fsrecover
from ZODB.scripts import fsrefs, fstest
from ZODB.serialize import ObjectWriter
from ZODB.utils import get_pickle_metadata, p64, u64

import files
from scenario import check, check_equal, connect, main

OK, WARNING, CRITICAL, UNKNOWN = range(4)
LOST = 3


def tool(launcher, *arguments, expected=0):
    """What a command prints; its exit status must be the expected one, or one of them."""
    done = subprocess.run([launcher, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    wanted = expected if isinstance(expected, tuple) else (expected,)
    check(done.returncode in wanted,
          f'{arguments}: exit {done.returncode} (expected: {wanted})\n{done.stdout[-2000:]}{done.stderr}')
    return done.stdout


def tool_json(launcher, *arguments, expected=0):
    return json.loads(tool(launcher, *arguments, '--json', expected=expected))


def lines(launcher, *arguments):
    return [json.loads(line) for line in tool(launcher, *arguments, '--json').splitlines()]


def facts(directory, launcher):
    """dump and log against the iterator that fsdump uses, check on a good file and with blobs that are not."""
    files.make(directory)
    path = os.path.join(directory, 'Data.fs')
    blobs = os.path.join(directory, 'blobs')
    dumped = lines(launcher, 'dump', path)
    expected = list(transactions(path))
    check_equal(len(dumped), len(expected), 'transactions')
    for found, wanted in zip(dumped, expected):
        for key, value in wanted.items():
            check_equal(found.get(key), value, f'{key} of transaction {wanted["tid"]}')
    tids = [found['tid'] for found in dumped]
    listed = lines(launcher, 'log', path)
    check_equal([found['tid'] for found in listed], tids[::-1], 'tids of the log')
    check_equal([found['tid'] for found in lines(launcher, 'log', path, '-n', 3, '--reverse')], tids[-3:], 'the last 3')
    check_equal([found['tid'] for found in lines(launcher, 'log', path, '--since', tids[2], '--until', tids[4])],
                tids[4:1:-1], 'a range')
    oid = dumped[-1]['records'][0]['oid']
    having = [found['tid'] for found in dumped if oid in {record['oid'] for record in found['records']}]
    check_equal([found['tid'] for found in lines(launcher, 'dump', path, '--oid', oid)], having, 'one object')
    check(len(having) < len(tids), 'a filter that takes everything')

    result = tool_json(launcher, 'check', path, '--blob-dir', blobs)
    storage = FileStorage(path, read_only=True)
    check_equal(result['objects'], len(storage), 'objects')
    storage.close()
    check_equal((result['problems'], result['transactions']), ([], len(expected)), 'a good file')
    check_blobs(launcher, path, blobs)
    check_index(launcher, path)
    return {'transactions': len(expected), 'records': sum(len(wanted['records']) for wanted in expected)}


def transactions(path):
    names = {' ': 'committed', 'p': 'packed', 'u': 'undone'}
    with open(path, 'rb') as file:
        content = file.read()
    for found in FileIterator(path):
        yield {
            'tid': found.tid.hex(), 'offset': found._tpos, 'length': found._tend - found._tpos,
            'status': names[found.status], 'user': found.user.decode(), 'description': found.description.decode(),
            'extension': found.extension or None,
            'records': [record(revision, content) for revision in found],
        }


def record(revision, content):
    header = content[revision.pos:revision.pos + 50]
    wanted = {'oid': '0x' + '%x' % u64(revision.oid), 'tid': revision.tid.hex(), 'offset': revision.pos,
              'previous': u64(header[16:24])}
    if len(wanted['oid']) % 2:
        wanted['oid'] = '0x0' + wanted['oid'][2:]
    if not u64(header[34:42]):
        wanted['back'] = u64(header[42:50])
    if revision.data_txn:
        wanted['data_tid'] = revision.data_txn.hex()
    if revision.data is None:
        wanted['deleted'] = True
    else:
        wanted['size'] = len(revision.data)
        wanted['class'] = '.'.join(get_pickle_metadata(revision.data))
    return wanted


def kinds(result):
    return sorted({problem['kind'] for problem in result['problems']})


def check_blobs(launcher, path, blobs):
    found = sorted(os.path.join(where, name) for where, _, names in os.walk(blobs) for name in names
                   if name.endswith('.blob'))
    moved = found[0] + '.away'
    os.rename(found[0], moved)
    result = tool_json(launcher, 'check', path, '--blob-dir', blobs, expected=CRITICAL)
    check_equal(kinds(result), ['missing-blob', 'stray-blob'], 'without a blob')
    check(found[0] in [problem for problem in result['problems'] if problem['kind'] == 'missing-blob'][0]['message'],
          'the message names the file')
    os.rename(moved, found[0])
    stray = os.path.join(os.path.dirname(found[0]), '0x01.blob')
    open(stray, 'w').close()
    result = tool_json(launcher, 'check', path, '--blob-dir', blobs, expected=WARNING)
    check_equal([(problem['kind'], problem['tid']) for problem in result['problems']],
                [('stray-blob', '%016x' % 1)], 'with a stray file')
    os.remove(stray)


def check_index(launcher, path):
    saved = fsIndex.load(path + '.index')
    index = saved['index']
    oid, position = next(iter(index.items()))
    index[oid] = position + 8
    index[p64(999999)] = position
    index.save(saved['pos'], path + '.index')
    result = tool_json(launcher, 'check', path, expected=CRITICAL)
    check_equal([(problem['kind'], int(problem['oid'], 16)) for problem in result['problems']],
                [('index', u64(oid)), ('index', 999999)], 'a wrong index')
    os.remove(path + '.index')


def references(directory, launcher):
    """check against fsrefs, on references to objects that are not there, or not any more."""
    path = os.path.join(directory, 'Data.fs')
    storage = FileStorage(path)
    db = ZODB.DB(storage)
    conn = db.open()
    root = conn.root()
    for n in range(30):
        root[n] = PersistentMapping()
        root[n]['other'] = PersistentMapping({'deep': PersistentMapping()})
    transaction.commit()
    others = [root[n]['other'] for n in range(30)]
    doomed = [(other._p_oid, other._p_serial) for other in others[:5]]
    created = root[29]['other']['new'] = PersistentMapping()
    transaction.commit()
    undone = db.undoLog(0, 1)[0]['id']
    last = others[29]
    last['deep2'] = created
    transaction.commit()
    meta = ZODB.Connection.TransactionMetaData()
    storage.tpc_begin(meta)
    for oid, serial in doomed:
        storage.deleteObject(oid, serial, meta)
    ghost = PersistentMapping()
    ghost._p_oid, ghost._p_jar = p64(4711), conn
    holder = PersistentMapping({'gone': ghost})
    holder._p_jar, holder._p_oid = conn, p64(100000)
    storage.store(p64(100000), p64(0), ObjectWriter(holder).serialize(holder), '', meta)
    storage.tpc_vote(meta)
    storage.tpc_finish(meta)
    db.close()
    said = io.StringIO()
    with redirect_stdout(said):
        fsrefs.main(path)
    expected = set()
    for line in said.getvalue().splitlines():
        if line.startswith('oid '):
            holder_oid = int(line.split()[1], 16)
        elif line.startswith('\toid '):
            kind = 'missing-object' if ' missing: ' in line else 'deleted-object'
            expected.add((holder_oid, int(line.split()[1], 16), kind))
    check(len(expected) >= 6, f'fsrefs found {expected}')
    result = tool_json(launcher, 'check', path, expected=CRITICAL)
    found = {(int(problem['oid'], 16), int(re.search(r' refers to (0x[0-9a-f]+)', problem['message'])[1], 16),
              problem['kind']) for problem in result['problems']}
    check_equal(found, expected, 'dangling references')
    tool(launcher, 'check', path, '--no-references')
    return {'references': len(expected)}


def damage(directory, launcher):
    """check and recover against fstest and fsrecover, on copies that are damaged in many ways."""
    files.make(directory)
    good = os.path.join(directory, 'Data.fs')
    with open(good, 'rb') as file:
        content = file.read()
    starts = [found._tpos for found in FileIterator(good)]
    originals = {(revision.oid, revision.tid): revision.data for found in FileIterator(good) for revision in found}
    bad = os.path.join(directory, 'bad.fs')
    seen = set()
    more = 0
    for name, damaged, kind in damages(content, starts):
        with open(bad, 'wb') as file:
            file.write(damaged)
        result = tool_json(launcher, 'check', bad, '--no-references',
                           expected=OK if kind == 'unfinished' else WARNING if kind in ('tail', 'status') else CRITICAL)
        check(kind in kinds(result), f'{name}: check found {result["problems"]} (expected: {kind})')
        check(all('offset' in problem for problem in result['problems']), f'{name}: every problem has an offset')
        seen.update(kinds(result))
        before = fstest_says(bad)
        ours = os.path.join(directory, 'ours.fs')
        output = tool_json(launcher, 'recover', bad, ours, '--force', expected=(OK, LOST))
        with open(bad, 'rb') as file:
            check(file.read() == damaged, f'{name}: the input was changed')
        check_equal(fstest_says(ours), None, f'{name}: fstest of what was recovered, before: {before}')
        check_equal(tool_json(launcher, 'check', ours, '--no-references')['problems'], [], f'{name}: check of it')
        theirs = os.path.join(directory, 'theirs.fs')
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            fsrecover(bad, theirs, force=True)
        saved, python = revisions(ours), revisions(theirs)
        for key, data in saved.items():
            check(originals.get(key) == data or key not in originals, f'{name}: {key} has other data')
        lost = {(u64(oid), tid) for oid, tid in python if (oid, tid) in originals} - {
            (u64(oid), tid) for oid, tid in saved}
        check(not lost, f'{name}: fsrecover has {len(lost)} revisions more')
        more += len(saved) > len(python)
        named = {(int(revision['oid'], 16), bytes.fromhex(revision['tid']))
                 for loss in output['lost'] for revision in loss['revisions']}
        gone = {(u64(oid), tid) for oid, tid in originals} - {(u64(oid), tid) for oid, tid in saved}
        check(bool(output['lost']) == bool(gone) or kind in ('tail', 'tid-order', 'unfinished'),
              f'{name}: lost {gone} (reported: {output["lost"]})')
        check(named <= gone | {key for key in named if (p64(key[0]), key[1]) not in originals},
              f'{name}: named as lost, but saved: {named - gone}')
    partial(directory, launcher, content, starts)
    return {'kinds': len(seen), 'better': more}


def damages(content, starts):
    """Name, damaged bytes and what check calls it."""
    middle, last = starts[len(starts) // 2], starts[-1]

    def put(at, text):
        return content[:at] + text + content[at + len(text):]

    def header(at):
        user, description, extension = (int.from_bytes(content[at + n:at + n + 2], 'big') for n in (17, 19, 21))
        return at + 23 + user + description + extension

    yield 'length too large', put(middle + 8, b'\x7f'), 'damage'
    yield 'length too small', put(middle + 8, p64(30)), 'damage'
    yield 'status c in the middle', put(middle + 16, b'c'), 'damage'
    yield 'status x', put(middle + 16, b'x'), 'status'
    yield 'tid too small', put(middle, p64(1)), 'tid-order'
    yield 'zeros over a header', put(middle, b'\0' * 23), 'damage'
    yield 'zeros over 2000 bytes', put(middle - 100, b'\0' * 2000), 'damage'
    yield 'trailing length', put(middle - 8, p64(77)), 'damage'
    record_at = header(middle)
    yield 'record points elsewhere', put(record_at + 24, p64(4)), 'record'
    yield 'record too long', put(record_at + 34, p64(1 << 40)), 'record'
    yield 'version', put(record_at + 32, b'\0\5'), 'record'
    yield 'previous', put(record_at + 16, p64(12)), 'previous'
    backs = [revision for found in back_pointers(content, starts) for revision in found]
    yield 'back pointer', put(backs[0] + 42, p64(52)), 'back-pointer'
    yield 'bytes removed', content[:middle + 40] + content[middle + 60:], 'damage'
    yield 'bytes added', content[:middle + 40] + b'spam.' + content[middle + 40:], 'damage'
    yield 'cut off', content[:last + 30], 'tail'
    yield 'cut off in a header', content + b'\4\x0d', 'tail'
    yield 'zeros at the end', content + b'\0' * 500, 'tail'
    yield 'unfinished at the end', put(last + 16, b'c'), 'unfinished'
    generator = random.Random(1)
    several = bytearray(content)
    for at in generator.sample(starts[2:-2], 4):
        several[at + 8 + generator.randrange(8)] ^= 0x15
    yield 'several lengths', bytes(several), 'damage'


def back_pointers(content, starts):
    """For each transaction the positions of the records that point back to data."""
    for start in starts:
        length = int.from_bytes(content[start + 8:start + 16], 'big')
        at = start + 23 + sum(int.from_bytes(content[start + n:start + n + 2], 'big') for n in (17, 19, 21))
        found = []
        while at < start + length:
            size = int.from_bytes(content[at + 34:at + 42], 'big')
            if not size and content[at + 42:at + 50] != b'\0' * 8:
                found.append(at)
            at += 42 + (size or 8)
        yield found


def partial(directory, launcher, content, starts):
    """Of a transaction with many records, one of which is damaged, those before it are saved."""
    start = starts[1]
    length = int.from_bytes(content[start + 8:start + 16], 'big')
    path = os.path.join(directory, 'Data.fs')
    records = [revision.pos for found in FileIterator(path) if found._tpos == start for revision in found]
    check(len(records) > 10, 'a transaction with many records')
    at = records[7] + 24
    bad, ours, theirs = (os.path.join(directory, name) for name in ('bad.fs', 'ours.fs', 'theirs.fs'))
    with open(bad, 'wb') as file:
        file.write(content[:at] + p64(5) + content[at + 8:])
    output = tool_json(launcher, 'recover', bad, ours, '--force', '--partial', expected=LOST)
    check_equal(output['partial_transactions'], 1, 'partial transactions')
    check_equal([(loss['start'], loss['end']) for loss in output['lost']], [(records[7], start + length + 8)], 'lost')
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        fsrecover(bad, theirs, force=True, partial=True)
    check(set(revisions(theirs)) <= set(revisions(ours)), 'fsrecover -p has more')
    check_equal([found.status for found in FileIterator(ours)][1], 'p', 'status of the partial transaction')
    tool(launcher, 'recover', bad, ours, expected=1)


def fstest_says(path):
    try:
        fstest.check(path)
    except fstest.FormatError as error:
        return str(error)
    except Exception as error:
        return repr(error)


def revisions(path):
    return {(revision.oid, revision.tid): revision.data for found in FileIterator(path) for revision in found}


def status(address, launcher):
    """status against zeo-nagios."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = nagios.check(address, True, None, 'minutes')
    check_equal(tool(launcher, 'status', address, '--nagios', expected=code or 0), said.getvalue(), 'zeo-nagios -m')
    storage = connect(address)
    db = ZODB.DB(storage)
    with db.transaction() as conn:
        conn.root()['x'] = 1
    result = tool_json(launcher, 'status', address, '--max-connections', '0,5', expected=WARNING)
    check_equal((result['status'], result['storages']['1']['connections']), ('WARNING', 1), 'one connection')
    check_equal(result['storages']['1']['last-transaction'], db.lastTransaction().hex(), 'last transaction')
    tool(launcher, 'status', address, '--max-connections', '0,0.5', expected=CRITICAL)
    tool(launcher, 'status', address, '--max-connections', 'many', expected=UNKNOWN)
    db.close()
    tool(launcher, 'status', '127.0.0.1:1', expected=CRITICAL)
    rates = os.path.abspath('rates.json')
    tool(launcher, 'status', address, '--nagios', '-s', rates)
    time.sleep(0.01)
    check('commits=' in tool(launcher, 'status', address, '--nagios', '-s', rates), 'rates')


def pack(address, launcher):
    """pack and undo-log against what a Python client sees before and after."""
    storage = connect(address)
    db = ZODB.DB(storage)
    for n in range(20):
        with db.transaction() as conn:
            conn.root()['garbage'] = PersistentMapping({'n': n, 'text': 'x' * 1000})
            transaction_of(conn, n)
    conn = db.open()
    conn.root()
    log = db.undoLog(0, -20)
    shown = tool_json(launcher, 'undo-log', address)
    check_equal(shown, [readable(entry) for entry in log], 'undo log')
    check_equal(len(tool(launcher, 'undo-log', address, '-n', 3).splitlines()), 3, 'lines of the undo log')
    check_equal([entry['id'] for entry in tool_json(launcher, 'undo-log', address, '--description', 'number 7')],
                [entry['id'].decode() for entry in log if readable(entry)['description'] == 'number 7'], 'with a filter')
    before = storage.getSize()
    tool(launcher, 'pack', address, '--days', 1)
    check(storage.getSize() >= before - 1000, 'a pack to yesterday takes nothing away')
    time.sleep(0.1)
    result = tool_json(launcher, 'pack', address)
    check(result['finished'] and result['after']['bytes'] < before / 4, f'packed: {result} from {before}')
    check_equal(result['after']['objects'], len(storage), 'objects')
    tool(launcher, 'pack', address, '--no-wait')
    tool(launcher, 'pack', address, '--storage', 'other', expected=1)
    db.close()
    return {'size': result['after']['bytes']}


def transaction_of(conn, n):
    current = conn.transaction_manager.get()
    current.note(f'number {n}')
    current.setExtendedInfo('n', n)


def readable(entry):
    return {key: value.decode() if isinstance(value, bytes) else value for key, value in entry.items()}


def live(address, path, launcher):
    """check on a file that a server is writing."""
    storage = connect(address)
    db = ZODB.DB(storage)
    stop = time.time() + 100
    done = subprocess.Popen([launcher, 'check', path, '--json'], stdout=subprocess.PIPE, text=True)
    commits = 0
    while done.poll() is None and time.time() < stop:
        with db.transaction() as conn:
            conn.root()[commits % 50] = PersistentMapping({'text': 'x' * 5000, 'n': commits})
        commits += 1
    result = json.loads(done.stdout.read())
    check_equal([problem for problem in result['problems'] if problem['level'] != 'OK'], [], 'while it is written')
    check_equal(done.returncode, 0, 'exit status')
    db.close()
    return {'commits': commits}


if __name__ == '__main__':
    main(facts, references, damage, status, pack, live)
