"""Runs ZEO's own tests against a server in processes of its own, and judges the results by exceptions.txt.

    run.py [--server COMMAND] [--msgpack] [--directory DIR] [--list] [options of zope.testrunner]

    run.py --layer InvqTests                      the tests of the layers with this in their names
    run.py -t test_server_status -vvv             one test
    run.py --msgpack -a 2 -t race --repeat 20     the races, again and again

Exit code 0: every test did what is expected of it. The last line of the output is a summary in JSON.
"""

import argparse
import collections
import json
import os
import shlex
import shutil
import sys
import tempfile
import time
import traceback

import ZEO
import zope.testrunner.runner
from zope.testing.loggingsupport import Handler

import zeo_external

HERE = os.path.dirname(os.path.abspath(__file__))
ZEOLITE = os.path.normpath(os.path.join(HERE, *[os.pardir] * 5, 'server', 'bin', 'zeolite'))
BAD = ('failed', 'error')


class Expectation:
    """A paragraph of exceptions.txt: what is expected of the tests of one name in one layer."""

    def __init__(self, words, line):
        if len(words) != 3 or words[0] not in ('skip', 'fails', 'fails-as-root'):
            sys.exit(f'exceptions.txt, line {line}: {" ".join(words)} (expected: skip|fails|fails-as-root LAYER TEST)')
        self.kind, self.layer, self.test = words
        self.reason = ''

    def applies(self, as_zeo):
        if self.kind == 'fails':
            return not as_zeo
        return self.kind != 'fails-as-root' or os.geteuid() == 0

    def covers(self, layer, test):
        return self.layer == layer and self.test == name_of_test(test)

    def __str__(self):
        return f'{self.kind} {self.layer} {self.test}'


def read_expectations(as_zeo):
    found = []
    with open(os.path.join(HERE, 'exceptions.txt')) as file:
        for number, line in enumerate(file, 1):
            if line.startswith('#') or not line.strip():
                continue
            if line[0].isspace():
                found[-1].reason += line.strip() + ' '
            else:
                found.append(Expectation(line.split(), number))
    for expectation in found:
        if not expectation.reason:
            sys.exit(f'exceptions.txt: {expectation} has no reason')
    return [expectation for expectation in found if expectation.applies(as_zeo)]


def name_of_layer(layer):
    """The layer of the test runner, without the module, which for most of them is empty, and what many names end with."""
    for module in ('ZODB.tests.util.', 'zope.testrunner.layer.', '.'):
        layer = layer.removeprefix(module)
    return layer.removesuffix(' ZEO Connection Tests')


def name_of_test(test):
    """The method or function, or the file of a doctest."""
    return os.path.basename(str(test).split(' ')[0])


Record = collections.namedtuple('Record', 'layer test outcome seconds')


class Recorder(zope.testrunner.runner.TestResult):
    """Keeps the outcome of every single test; a test that fails in more than one place is one bad record."""

    records = []

    def __init__(self, options, tests, layer_name=None):
        super().__init__(options, tests, layer_name)
        self._layer = name_of_layer(layer_name)

    def startTest(self, test):
        self._outcome = 'passed'
        self._begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.records.append(Record(self._layer, str(test), self._outcome, time.monotonic() - self._begun))
        super().stopTest(test)

    def addError(self, test, exc_info):
        self._outcome = 'error'
        super().addError(test, exc_info)

    def addFailure(self, test, exc_info):
        self._outcome = 'failed'
        super().addFailure(test, exc_info)

    def addSubTest(self, test, subtest, exc_info):
        if exc_info is not None:
            self._outcome = 'failed'
        super().addSubTest(test, subtest, exc_info)

    def addUnexpectedSuccess(self, test):
        self._outcome = 'failed'
        super().addUnexpectedSuccess(test)

    def addSkip(self, test, reason):
        self._outcome = 'skipped by itself'
        super().addSkip(test, reason)


class Judge:
    """Compares what happened with what is expected."""

    def __init__(self, expectations):
        self.expectations = expectations
        self.found = collections.defaultdict(list)
        self.skipped = collections.Counter()
        self.complaints = []

    def choose(self, tests_by_layer, only):
        """Of the suites that the runner has found, those to run, without the tests that are to be skipped."""
        if only:
            tests_by_layer = {layer: suite for layer, suite in tests_by_layer.items() if name_of_layer(layer) == only}
        for layer, suite in tests_by_layer.items():
            name = name_of_layer(layer)
            kept = []
            for test in suite:
                self.found[name].append(str(test))
                if self._expectation('skip', name, test):
                    self.skipped[layer] += 1
                else:
                    kept.append(test)
            suite._tests = kept
        return tests_by_layer

    def number_skipped(self, runner):
        return sum(self.skipped[layer] for layer in runner.tests_by_layer_name)

    def verdict(self, runner, everything):
        if not Recorder.records and not self.number_skipped(runner):
            self.complaints.append('no test was run')
        for failure in runner.import_errors:
            self.complaints.append(f'import: {failure}')
        for test, _ in runner.errors:
            if isinstance(test, (zope.testrunner.runner.SetUpLayerFailure, zope.testrunner.runner.TearDownLayerFailure)):
                self.complaints.append(f'layer: {test}')
        expected = 0
        for record in Recorder.records:
            expectation = self._expectation('fails', record.layer, record.test)
            if record.outcome in BAD and expectation:
                expected += 1
            elif record.outcome in BAD:
                self.complaints.append(f'{record.outcome}: {record.layer}: {record.test}')
            elif expectation:
                self.complaints.append(f'passed, but exceptions.txt has "{expectation}": {record.test}')
        if everything:
            self._complain_of_stale_expectations()
        return expected

    def _complain_of_stale_expectations(self):
        for expectation in self.expectations:
            tests = self.found.get(expectation.layer)
            if tests and not any(expectation.covers(expectation.layer, test) for test in tests):
                self.complaints.append(f'exceptions.txt has "{expectation}": there is no such test')

    def _expectation(self, kind, layer, test):
        for expectation in self.expectations:
            if expectation.kind.startswith(kind) and expectation.covers(layer, test):
                return expectation
        return None


def run(options, arguments):
    judge = Judge(read_expectations(options.as_zeo))
    zope.testrunner.runner.TestResult = Recorder
    site_packages = os.path.dirname(os.path.dirname(ZEO.__file__))
    runner = zope.testrunner.runner.Runner(
        args=['run.py', '--test-path=' + site_packages, '-s', 'ZEO', *arguments])
    register = runner.register_tests

    runner.register_tests = lambda tests: register(judge.choose(tests, options.only))
    if options.list:
        runner.do_run_tests = runner.show_report = False
    begun = time.monotonic()
    runner.run()
    if options.list:
        for layer, tests in runner.tests_by_layer_name.items():
            print(tests.countTestCases(), name_of_layer(layer))
        return 0
    expected = judge.verdict(runner, everything=not any(word.startswith('-t') or '--test=' in word for word in arguments))
    if not options.as_zeo:
        judge.complaints += zeo_external.complaints('server-output.txt')
    for record in sorted(Recorder.records, key=lambda record: -record.seconds):
        print(f'{record.seconds:8.2f} s  {record.outcome:8}  {record.test}')
    if judge.complaints:
        # On one line, the last one, which is what a failed test of the build says.
        print(f'{len(judge.complaints)} unexpected, output in {os.getcwd()}: ' + '; '.join(judge.complaints), file=sys.stderr)
    outcomes = collections.Counter(record.outcome for record in Recorder.records)
    print(json.dumps({
        'tests': len(Recorder.records),
        'passed': outcomes['passed'],
        'failed_as_expected': expected,
        'skipped': judge.number_skipped(runner) + outcomes['skipped by itself'],
        'unexpected': len(judge.complaints),
        'milliseconds': round((time.monotonic() - begun) * 1000),
    }))
    return 1 if judge.complaints else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--server', default=ZEOLITE + ' serve', help='takes -C FILE and --address-file FILE, and serves')
    parser.add_argument('--as-zeo', action='store_true', help='expect what ZEO\'s own server does')
    parser.add_argument('--msgpack', action='store_true', help='the encoding where a test does not ask for one')
    parser.add_argument('--directory', help='where to run, and where server-output.txt is written; by default a new one')
    parser.add_argument('--only', metavar='LAYER', help='the one layer with exactly this name')
    parser.add_argument('--list', action='store_true', help='print the layers, each with the number of its tests')
    options, arguments = parser.parse_known_args()
    directory = os.path.abspath(options.directory or tempfile.mkdtemp(prefix='zeo-suite-'))
    os.makedirs(os.path.join(directory, 'tmp'), exist_ok=True)
    os.chdir(directory)
    os.environ['TMPDIR'] = os.path.join(directory, 'tmp')
    tempfile.tempdir = None
    # Six hundred servers that live for a second each are to start quickly, not to run fast.
    os.environ.setdefault('ZEOLITE_JAVA_OPTS', '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC')
    os.environ.pop('ZEO_MSGPACK', None)
    if options.msgpack:
        os.environ['ZEO_MSGPACK'] = '1'
    _give_records_their_messages()
    zeo_external.install(shlex.split(options.server), os.path.join(directory, 'server-output.txt'))
    try:
        code = run(options, arguments)
    except BaseException:
        traceback.print_exc()
        code = 2
    if code == 0:
        shutil.rmtree(os.environ['TMPDIR'])
    # Threads of clients that a failed test left behind do not hold up the end.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _give_records_their_messages():
    """
    client-config.test reads the message of each record, which nothing has unless a handler has formatted it before: it fails
    if a server answers so quickly that there is a record at all.
    """
    emit = Handler.emit

    def emit_with_message(handler, record):
        record.message = record.getMessage()
        emit(handler, record)

    Handler.emit = emit_with_message


if __name__ == '__main__':
    main()
