"""Owns AES-CCM on CPython, by the `cryptography` package. Chosen by crypt.py where there is no cryptolib."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from shared_protocol.errors import BadTag, Truncated

_NONCE_END = bytes(5)


class Ccm:
    """One direction of a session; the cipher object is made once because making it costs more than a small frame."""

    def __init__(self, key):
        self._aes = AESCCM(bytes(key), tag_length=8)

    def seal(self, header, body, nonce=None):
        """The frame: header, ciphertext, tag. `nonce` is for the vectors of RFC 3610."""
        return header + self._aes.encrypt(nonce or header + _NONCE_END, bytes(body), header)

    def open(self, frame, nonce=None):
        """The body. Raises Truncated, BadTag."""
        if len(frame) < 16:
            raise Truncated("tag")
        header = bytes(frame[:8])
        try:
            return self._aes.decrypt(nonce or header + _NONCE_END, bytes(frame[8:]), header)
        except InvalidTag:
            raise BadTag("tag")
