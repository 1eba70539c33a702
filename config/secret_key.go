package config

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
)

// Secrets of what is made over REST are kept encrypted where there is a key (secrets: {key}). Each stands where it
// stood, as
//
//	kurir-secret:1:FINGERPRINT:BASE64
//
// with the fingerprint of its key, and a nonce and the octets of AES-256-GCM. Kind, name and field of where it stands
// are authenticated, so that it cannot be put elsewhere. What can be checked by a hash is one already, and stays so.

// Secrets is the key by which secrets of what is made over REST are encrypted in the database.
type Secrets struct {
	// Key is 32 random octets in base64, best in a file of its own: ${file:/etc/kurir/secrets.key}. Servers that share a
	// database have the same. Empty: such secrets are kept as they are.
	Key message.Secret `yaml:"key"`
	// Previous is the key before this one, while it gives way to it. Empty: there is none.
	Previous message.Secret `yaml:"previous"`
}

// keyOctets is how long a key is.
const keyOctets = 32

// makeKey is how people make a key.
const makeKey = "head -c 32 /dev/urandom | base64"

// encryptedPrefix begins what is encrypted.
const encryptedPrefix = "kurir-secret:"

// encryptedForm follows the prefix: the one form that there is.
const encryptedForm = "1:"

// Labels by which what is used is derived from the key (HKDF, RFC 5869).
const (
	labelFingerprint = "kurir secrets 1 fingerprint"
	labelEncryption  = "kurir secrets 1 aes-256-gcm"
)

// SecretKey encrypts secrets. It shows itself by its fingerprint.
type SecretKey struct {
	fingerprint string
	aead        cipher.AEAD
}

// ParseSecretKey reads a key as it stands in the file.
func ParseSecretKey(text message.Secret) (*SecretKey, error) {
	octets, err := base64.StdEncoding.Strict().DecodeString(text.Reveal())
	switch {
	case err != nil:
		return nil, errors.New("is not base64; make a key with: " + makeKey)
	case len(octets) != keyOctets:
		return nil, fmt.Errorf("is %d octets in base64 and not %d; make a key with: %s", len(octets), keyOctets, makeKey)
	}
	print, err := hkdf.Key(sha256.New, octets, nil, labelFingerprint, 8)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, octets, nil, labelEncryption, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	k := &SecretKey{fingerprint: hex.EncodeToString(print)}
	k.aead, err = cipher.NewGCMWithRandomNonce(block)
	return k, err
}

// Fingerprint tells keys apart and says nothing else of them; it is empty for no key.
func (k *SecretKey) Fingerprint() string {
	if k == nil {
		return ""
	}
	return k.fingerprint
}

// String shows the fingerprint.
func (k *SecretKey) String() string { return k.Fingerprint() }

// GoString implements fmt.GoStringer likewise.
func (k *SecretKey) GoString() string { return k.Fingerprint() }

// SecretKeys are the keys that a server has: the one of the file, and the one before it.
type SecretKeys []*SecretKey

// SecretKeys gives the keys of a file that was checked.
func (f *File) SecretKeys() SecretKeys {
	var keys SecretKeys
	for _, text := range []message.Secret{f.Secrets.Key, f.Secrets.Previous} {
		if text == "" {
			continue
		}
		if k, err := ParseSecretKey(text); err == nil { // else the check has told
			keys = append(keys, k)
		}
	}
	return keys
}

// Key gives the one under key; nil for none.
func (s SecretKeys) Key() *SecretKey {
	if len(s) == 0 {
		return nil
	}
	return s[0]
}

// Find gives the one with a fingerprint; nil for none.
func (s SecretKeys) Find(fingerprint string) *SecretKey {
	for _, k := range s {
		if k.fingerprint == fingerprint {
			return k
		}
	}
	return nil
}

// Fingerprints gives those of all.
func (s SecretKeys) Fingerprints() []string {
	var list []string
	for _, k := range s {
		list = append(list, k.fingerprint)
	}
	return list
}

func (d *decoder) checkSecrets(s *Secrets) {
	keys := map[string]*SecretKey{}
	for field, text := range map[string]message.Secret{"secrets.key": s.Key, "secrets.previous": s.Previous} {
		if text == "" {
			if _, stands := d.places[field]; stands {
				d.report(field, "is empty, so that nothing would be encrypted; make one with "+makeKey+", or take the field out")
			}
			continue
		}
		k, err := ParseSecretKey(text)
		if err != nil {
			d.report(field, err.Error())
			continue
		}
		keys[field] = k
	}
	switch key, previous := keys["secrets.key"], keys["secrets.previous"]; {
	case s.Previous != "" && s.Key == "":
		d.report("secrets.previous", "has no effect without secrets.key")
	case key != nil && previous != nil && key.fingerprint == previous.fingerprint:
		d.report("secrets.previous", "is the same as secrets.key; take it out, or write the new key under key")
	}
}

// boundTo names the place of a secret, as it is authenticated: no two places are the same octets.
func boundTo(kind, name, path string) []byte {
	return fmt.Appendf(nil, "%s1:%d:%s%d:%s%d:%s", encryptedPrefix, len(kind), kind, len(name), name, len(path), path)
}

// encrypt gives a secret in its encrypted form.
func (k *SecretKey) encrypt(secret string, place []byte) string {
	sealed := k.aead.Seal(nil, nil, []byte(secret), place)
	return encryptedPrefix + encryptedForm + k.fingerprint + ":" + base64.RawURLEncoding.EncodeToString(sealed)
}

// Seal gives one secret that is kept elsewhere than in a setting, encrypted for its place; without a key (nil) it stays as it is.
func (k *SecretKey) Seal(kind, name, field, secret string) string {
	if k == nil {
		return secret
	}
	return k.encrypt(secret, boundTo(kind, name, field))
}

// Sealed tells whether something is as Seal leaves it.
func (k *SecretKey) Sealed(text string) bool {
	if k == nil {
		return !strings.HasPrefix(text, encryptedPrefix)
	}
	return strings.HasPrefix(text, encryptedPrefix+encryptedForm+k.fingerprint+":")
}

// Open gives back what Seal was given.
func (s SecretKeys) Open(kind, name, field, text string) (string, error) {
	if !strings.HasPrefix(text, encryptedPrefix) {
		return text, nil
	}
	return s.decrypt(text, boundTo(kind, name, field))
}

// KeyError says that something is encrypted with a key that this server does not have.
type KeyError struct{ Fingerprint string }

// Error names it.
func (e *KeyError) Error() string {
	return "is encrypted with the key of fingerprint " + e.Fingerprint + ", which this server does not have (secrets: {key, previous})"
}

var errNotEncryptedHere = errors.New("cannot be decrypted: it was damaged, or put here from elsewhere; write it anew over REST, or put back what stood there")

// decrypt gives the secret that an encrypted form holds.
func (s SecretKeys) decrypt(text string, place []byte) (string, error) {
	rest, ok := strings.CutPrefix(text, encryptedPrefix+encryptedForm)
	if !ok {
		return "", errors.New("is encrypted in a form that this version does not know")
	}
	fingerprint, encoded, ok := strings.Cut(rest, ":")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil {
		return "", errNotEncryptedHere
	}
	k := s.Find(fingerprint)
	if k == nil {
		return "", &KeyError{fmt.Sprintf("%.16q", fingerprint)}
	}
	secret, err := k.aead.Open(nil, nil, sealed, place)
	if err != nil {
		return "", errNotEncryptedHere
	}
	return string(secret), nil
}

// isHashed tells whether a secret is kept as a hash.
func isHashed(kind, path, secret string) bool {
	return hashes(kind) && account.IsSealed(path, secret)
}

// hashes tells whether a kind of setting has secrets that are kept as hashes.
func hashes(kind string) bool { return kind == "accounts" || kind == "keys" || kind == "users" }

// Encrypt gives a setting's value with its secrets encrypted with a key; a nil key leaves them as they are.
func Encrypt(key *SecretKey, kind, name string, value map[string]any) map[string]any {
	if key == nil {
		return value
	}
	return eachSecret(kind, value, func(path string, secret any) any {
		text, ok := secret.(string)
		if !ok || text == "" || isHashed(kind, path, text) {
			return secret
		}
		return key.encrypt(text, boundTo(kind, name, path))
	})
}

// Decrypt gives a setting's value with its secrets as they are.
func (s SecretKeys) Decrypt(kind, name string, value map[string]any) (map[string]any, error) {
	var wrong error
	clear := eachSecret(kind, value, func(path string, secret any) any {
		text, ok := secret.(string)
		if !ok || !strings.HasPrefix(text, encryptedPrefix) {
			return secret
		}
		plain, err := s.decrypt(text, boundTo(kind, name, path))
		if err != nil && wrong == nil {
			wrong = fmt.Errorf("%s of %s %w", path, resource.Place(kind, name), err)
		}
		return plain
	})
	if wrong != nil {
		return nil, wrong
	}
	return clear, nil
}

// Otherwise counts the secrets of a setting's value that are not encrypted with the key of that fingerprint, and ought
// to be where there is one: those in the clear, and of another key. An empty fingerprint is no key.
func Otherwise(kind string, value map[string]any, fingerprint string) (n int) {
	eachSecret(kind, value, func(path string, secret any) any {
		text, ok := secret.(string)
		if ok && text != "" && !isHashed(kind, path, text) && (fingerprint == "" || !strings.HasPrefix(text, encryptedPrefix+encryptedForm+fingerprint+":")) {
			n++
		}
		return secret
	})
	return n
}
