"""Private servers: PostgreSQL 15 from Debian's package and Talaria, each in a folder of its own."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time


def postgres_programs():
    found = sorted(glob.glob('/usr/lib/postgresql/15/bin/initdb'))
    return os.path.dirname(found[0]) if found else None


class Servers:
    def __init__(self, talaria, workers):
        self.talaria, self.workers = os.path.realpath(talaria), workers
        self.folder = tempfile.mkdtemp(prefix='talaria-diff-')
        os.chmod(self.folder, 0o755)
        self.postgres = os.path.join(self.folder, 'postgres')
        self.server = None

    def as_postgres(self, command):
        """Runs a command as somebody who is not root: PostgreSQL wants that."""
        if os.getuid() == 0:
            command = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] + command
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder)

    def start(self, with_postgres=True):
        if with_postgres:
            self.start_postgres()
        self.start_talaria()

    def start_postgres(self):
        programs = postgres_programs()
        os.mkdir(self.postgres)
        if os.getuid() == 0:
            shutil.chown(self.postgres, 'postgres', 'postgres')
        made = self.as_postgres([programs + '/initdb', '-D', self.postgres + '/data', '-A', 'trust', '-U', 'regress',
                                 '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'])
        if made.returncode != 0:
            raise RuntimeError('initdb: ' + made.stderr.decode())
        options = '-k %s -c listen_addresses= -c fsync=off -c TimeZone=UTC' % self.postgres
        run = self.as_postgres([programs + '/pg_ctl', '-D', self.postgres + '/data', '-w', '-o', options,
                                '-l', self.postgres + '/log', 'start'])
        if run.returncode != 0:
            raise RuntimeError('PostgreSQL did not start: ' + run.stderr.decode())

    def start_talaria(self):
        ready = os.path.join(self.folder, 'ready')
        with open(ready, 'w') as out, open(os.path.join(self.folder, 'log'), 'w') as log:
            self.server = subprocess.Popen([self.talaria, '--data', self.folder + '/data', '--socket-dir', self.folder,
                                            '--workers', str(self.workers), '-c', 'listen_addresses='],
                                           stdout=out, stderr=log)
        for _ in range(300):
            if 'ready' in open(ready).read():
                return
            time.sleep(.1)
        raise RuntimeError('Talaria did not start')

    def stop(self):
        programs = postgres_programs()
        if os.path.exists(self.postgres + '/data/postmaster.pid'):
            self.as_postgres([programs + '/pg_ctl', '-D', self.postgres + '/data', '-m', 'immediate', 'stop'])
        if self.server is not None:
            self.server.terminate()
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
        if 'KEEP' in os.environ:
            print('kept: ' + self.folder, file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def postgres_address(self):
        return 'host=%s port=5432 user=regress dbname=postgres' % self.postgres

    def talaria_address(self):
        return 'host=%s port=5442 user=regress dbname=regress' % self.folder
