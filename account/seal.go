package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Parameters of the hashes that we make (RFC 9106 4 allows them less memory for more passes).
const (
	sealMemory  = 19456 // KiB
	sealPasses  = 2
	sealThreads = 1
)

// Seal gives a secret of an account in the form in which it is kept where nobody has to read it back: a password that
// customers show us as an argon2id hash, an API key as its SHA-256. field is its name in the file; other fields, and
// what is a hash already, stay as they are.
func Seal(field, secret string) string {
	switch {
	case secret == "" || strings.HasPrefix(secret, "$argon2") || strings.HasPrefix(secret, "sha256:"):
	case field == "password" || field == "smpp.password":
		salt := make([]byte, 16)
		_, _ = rand.Read(salt) // never fails (crypto/rand)
		sum := argon2.IDKey([]byte(secret), salt, sealPasses, sealMemory, sealThreads, 32)
		text := base64.RawStdEncoding.EncodeToString
		return fmt.Sprintf("%sv=19$m=%d,t=%d,p=%d$%s$%s", hashPrefix, sealMemory, sealPasses, sealThreads, text(salt), text(sum))
	case strings.HasPrefix(field, "api_keys[") || field == "key" || field == "previous":
		sum := sha256.Sum256([]byte(secret))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return secret
}

// IsSealed tells whether a secret of that field is a hash, as Seal makes it.
func IsSealed(field, secret string) bool {
	switch {
	case field == "password" || field == "smpp.password":
		return strings.HasPrefix(secret, "$argon2")
	case strings.HasPrefix(field, "api_keys[") || field == "key" || field == "previous":
		return strings.HasPrefix(secret, "sha256:")
	}
	return false
}
