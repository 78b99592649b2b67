"""Records with references of every form, and which objects ZODB says that they refer to.

``references.py corpus FILE`` makes the small corpus that the unit tests of the scanner use; ``random FILE COUNT SEED`` makes
records of random graphs. A line is: name, record in hex, the oids in hex in the order of ``referencesf``, all kinds of references
with their classes.
"""

import io
import pickle
import pickletools
import random as random_module
import sys

import zodbpickle.fastpickle as zodbpickle
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from ZODB.blob import Blob
from ZODB.serialize import referencesf
from ZODB.utils import p64
from zodbpickle import binary

from scenario import check_equal, main


class Reference:
    """What stands for a persistent reference in an object that is pickled."""

    def __init__(self, pid, strong=None):
        self.pid = pid
        self.strong = strong


class Plain:
    def __init__(self, **state):
        self.__dict__.update(state)


def dump(values, protocol):
    """A record: two pickles of one pickler. Protocol 2 is as Python 2 writes it, with strings for bytes."""
    if protocol == 2:
        return as_python_2(dump(values, 3))
    out = io.BytesIO()
    module = zodbpickle if protocol == 3 else pickle

    class Pickler(module.Pickler):
        def persistent_id(self, obj):
            return obj.pid if isinstance(obj, Reference) else None

    pickler = Pickler(out, protocol)
    for value in values:
        pickler.dump(value)
    return out.getvalue()


def as_python_2(record):
    out = b''
    positions = []
    for start in (0, record_end(record, 0)):
        positions += [(op.name, at + start) for op, _, at in pickletools.genops(record[start:])]
    for (name, at), (_, end) in zip(positions, positions[1:] + [('', len(record))]):
        code = {'PROTO': b'\x80\x02', 'SHORT_BINBYTES': b'U', 'BINBYTES': b'T'}.get(name, record[at:at + 1])
        out += code + record[at + len(code):end]
    return out


def record_end(record, start):
    """Where the pickle that starts there ends."""
    return start + [at for _, _, at in pickletools.genops(record[start:])][-1] + 1


def strong_oids(value, found):
    """The oids that strong references name, in the order in which a pickler meets them."""
    if isinstance(value, Reference):
        if value.strong is not None:
            found.append(value.strong)
    elif isinstance(value, dict):
        for key, item in value.items():
            strong_oids(key, found)
            strong_oids(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            strong_oids(item, found)
    elif isinstance(value, Plain):
        strong_oids(value.__dict__, found)
    return found


def oid_bytes(number, protocol):
    # binary is what ZODB pickles as bytes in all protocols.
    return binary(p64(number)) if protocol <= 3 else p64(number)


def forms(number, protocol):
    oid = oid_bytes(number, protocol)
    return {
        'plain': Reference(oid, number),
        'class': Reference((oid, PersistentMapping), number),
        'class by name': Reference((oid, ('no.such.module', 'Missing')), number),
        'no class': Reference((oid, None), number),
        'weak': Reference(['w', (oid,)]),
        'weak elsewhere': Reference(['w', (oid, 'other')]),
        'old weak': Reference([oid]),
        'multi': Reference(['m', ('other', oid, PersistentMapping)]),
        'multi plain': Reference(['n', ('other', oid)]),
    }


def line(name, record, oids, out):
    out.write(f'{name}\t{record.hex()}\t{" ".join("%x" % oid for oid in oids)}\n')


def expected(record, protocol, values):
    """What ZODB says; for protocols that it refuses, what was put in."""
    put = strong_oids(values, [])
    if protocol <= 3:
        said = [int.from_bytes(oid, 'big') for oid in referencesf(record)]
        check_equal(sorted(said), sorted(put), 'references')
        return said
    return put


def corpus(path):
    number = 0x0102030405060708
    with open(path, 'w') as out:
        for protocol in range(2, 6):
            for name, reference in forms(number, protocol).items():
                for where, values in {
                    'state': [PersistentMapping, {'x': reference, 'y': [1, 2.5, 'é', None, True, 10 ** 30]}],
                    'newargs': [(PersistentMapping, (reference,)), None],
                    'class': [(reference, None), {'a': 1}],
                    'shared': [(PersistentMapping, (reference.pid, reference)), [reference, reference.pid, reference]],
                }.items():
                    record = dump(values, protocol)
                    line(f'{name} in {where}, protocol {protocol}', record, expected(record, protocol, values), out)
        # Written by hand, as old versions of Python have written them.
        oid = p64(number)
        klass = b'cpersistent.mapping\nPersistentMapping\n'
        for name, state, oids in [
            ('SHORT_BINSTRING', b'U\x08' + oid + b'Q', [number]),
            ('BINSTRING', b'T\x08\x00\x00\x00' + oid + b'Q', [number]),
            ('SHORT_BINSTRING, class', b'(U\x08' + oid + klass + b'tQ', [number]),
            ('INST', b'(U\x08' + oid + b'Qiold.module\nOld\n', [number]),
            ('OBJ', b'(' + klass + b'U\x08' + oid + b'Qo', [number]),
            ('BUILD', klass + b')R}U\x01aU\x08' + oid + b'Qsb', [number]),
            ('lists of protocol 0', b"(lp1\nS'w'\np2\na(S'\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08'\ntp3\naQ", []),
            ('STRING', b"S'\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08'\nQ", [number]),
            ('STRING in a tuple', b"(S'\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08'\n" + klass + b'tp7\nQ', [number]),
            ('PERSID', b'Pabcdefgh\n', [int.from_bytes(b'abcdefgh', 'big')]),
            ('UNICODE', b'Vabcdefgh\nQ', [int.from_bytes(b'abcdefgh', 'big')]),
            ('long GET', b'U\x08' + oid + b'r\x05\x00\x00\x000j\x05\x00\x00\x00Q', [number]),
            ('text GET', b'U\x08' + oid + b'p12\n0g12\nQ', [number]),
            ('POP and DUP', b'U\x08' + oid + b'2Q0Q', [number] * 2),
            ('POP_MARK', b'(U\x08' + oid + b'QK\x011N', [number]),
            ('numbers', b'(I12\nL13L\nF1.5\nG' + oid + b'J\x01\x02\x03\x04M\x01\x02\x8a\x01\x05l', []),
            ('extension codes', b'(\x82\x01\x83\x01\x02\x84\x01\x02\x03\x04t', []),
        ]:
            record = klass + b'.' + state + b'.'
            try:
                said = [int.from_bytes(found, 'big') for found in referencesf(record)]
            except (UnicodeDecodeError, ValueError):
                said = oids  # Python 3 cannot decode the string, or does not know the extension.
            check_equal(said, oids, name)
            line(name, record, oids, out)
        for name, values in {'blob': [Blob, None], 'tree': [OOBTree, None]}.items():
            line(name, dump(values, 3), [], out)


def random_value(rng, depth, protocol, seen):
    choice = rng.randrange(16)
    if choice < 5 or (depth == 0 and choice < 9):
        reference = rng.choice(list(forms(rng.getrandbits(rng.choice([4, 4, 7, 16, 64])), protocol).values()))
        seen.append(reference)
        return reference
    if depth == 0 or choice < 9:
        return rng.choice([None, True, 5, -1, 2 ** 40, 10 ** 50, 1.5, 'text', 'é' * 90, b'bytes', binary(b'\xff' * 300), binary(b'a' * 300), ''])
    if choice == 9 and seen:
        return rng.choice(seen)  # from the memo
    children = [random_value(rng, depth - 1, protocol, seen) for _ in range(rng.choice([0, 1, 2, 3, 5, 40]))]
    if choice == 10:
        return tuple(children)
    if choice == 11:
        return dict(enumerate(children))
    if choice == 12:
        return Plain(**{f'a{i}': child for i, child in enumerate(children)})
    seen.append(children)
    return children


def is_ascii(record):
    """Whether the bytes in a record, as strings of Python 2, can be read by Python 3."""
    end = record_end(record, 0)
    return all(not isinstance(argument, bytes) or argument.isascii()
               for part in (record[:end], record[end:]) for _, argument, _ in pickletools.genops(part))


def random(path, count, seed):
    rng = random_module.Random(seed)
    references = 0
    with open(path, 'w') as out:
        for number in range(int(count)):
            protocol = 3
            seen = []
            klass = rng.choice([PersistentMapping, (PersistentMapping, None), (('a', 'B'), ('x',)),
                                (PersistentMapping, (random_value(rng, 1, protocol, seen),))])
            record = dump([klass, random_value(rng, 4, protocol, seen)], protocol)
            if rng.randrange(3) == 0 and is_ascii(record):
                record = as_python_2(record)
            record += rng.randbytes(rng.randrange(2))
            oids = [int.from_bytes(oid, 'big') for oid in referencesf(record)]
            references += len(oids)
            line(f'random {number}', record, oids, out)
    return {'references': references}


if __name__ == '__main__':
    sys.modules['references'] = sys.modules['__main__']
    main(corpus, random)
