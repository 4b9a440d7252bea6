"""Certificates for the test servers, made by openssl once a session.

The authority "ca.pem" signs "good", "wronghost" and "expired"; "stranger" is
signed by an authority that nobody trusts.  NAME.pem holds certificate and key.
"""

import subprocess

OPENSSL_CA = """
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""

LOOPBACK = "DNS:localhost,IP:127.0.0.1,IP:::1"


class Certs:
    def __init__(self, directory):
        self.directory = directory
        (directory / "ca.cnf").write_text(OPENSSL_CA)
        (directory / "index.txt").write_text("")
        self._authority("ca")
        self._authority("stranger-ca")
        self._issue("good", "ca", LOOPBACK)
        self._issue("wronghost", "ca", "DNS:mail.example.com")
        self._issue("expired", "ca", LOOPBACK, ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"])
        self._issue("stranger", "stranger-ca", LOOPBACK)

    @property
    def ca(self):
        return self.directory / "ca.pem"

    def path(self, name):
        return self.directory / f"{name}.pem"

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)

    def _authority(self, name):
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-days", "30", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign",
                      "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def _issue(self, name, authority, names, dates=("-days", "30")):
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.directory / f"{name}.ext").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", f"{authority}.pem",
                      "-keyfile", f"{authority}.key", "-in", f"{name}.csr", "-out", f"{name}.crt",
                      "-extfile", f"{name}.ext", *dates)
        self.path(name).write_text((self.directory / f"{name}.crt").read_text()
                                   + (self.directory / f"{name}.key").read_text())
