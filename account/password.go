package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"

	"kurir/message"
)

// ErrCredentials means that name and password do not belong together. It never says which of them is wrong.
var ErrCredentials = errors.New("name or password is wrong")

const (
	// hashings is how many argon2id computations run at a time: each takes tens of milliseconds and its memory.
	hashings = 2
	// maxRemembered bounds the memory of verified passwords; beyond it all are forgotten and verified again.
	maxRemembered = 10000

	hashPrefix = "$argon2id$"
)

// Verifier checks passwords. A password verified against an argon2id hash is remembered as its HMAC-SHA256 under a
// key made at start, because interfaces send the password with every request. It outlives reloads and is safe for
// concurrent use.
type Verifier struct {
	key     [32]byte
	hashing chan struct{} // a place per computation under way

	mu         sync.RWMutex
	remembered map[[sha256.Size]byte]struct{}
}

// NewVerifier makes a Verifier with a random key and nothing remembered.
func NewVerifier() *Verifier {
	v := &Verifier{hashing: make(chan struct{}, hashings), remembered: map[[sha256.Size]byte]struct{}{}}
	_, _ = rand.Read(v.key[:]) // never fails (crypto/rand)
	return v
}

// Authenticate gives the account with that name and password. It returns ErrCredentials when they do not belong
// together, or the context's error when it ended while waiting for a place to compute a hash.
func (v *Verifier) Authenticate(ctx context.Context, accounts *Directory, name, password string) (*Account, error) {
	a := accounts.ByName(name)
	if a == nil {
		return nil, v.unknown(ctx, accounts, password)
	}
	return v.check(ctx, a, a.Password, password)
}

// AuthenticateSMPP gives the account that binds with that system_id and password; otherwise like Authenticate.
func (v *Verifier) AuthenticateSMPP(ctx context.Context, accounts *Directory, systemID, password string) (*Account, error) {
	a := accounts.BySystemID(systemID)
	if a == nil {
		return nil, v.unknown(ctx, accounts, password)
	}
	return v.check(ctx, a, a.smppPassword(), password)
}

// AuthenticateLogin gives the account that logs in by a protocol with that name and password; otherwise like
// Authenticate.
func (v *Verifier) AuthenticateLogin(ctx context.Context, accounts *Directory, by Protocol, name, password string) (*Account, error) {
	a := accounts.ByLogin(by, name)
	if a == nil {
		return nil, v.unknown(ctx, accounts, password)
	}
	return v.check(ctx, a, a.loginPassword(by), password)
}

// unknown answers for a name that there is not, after the time that a wrong password takes where accounts have hashes:
// the time must not tell which names there are.
func (v *Verifier) unknown(ctx context.Context, accounts *Directory, given string) error {
	if accounts == nil {
		return ErrCredentials
	}
	return v.pretend(ctx, accounts.decoy, given)
}

// pretend takes the time of comparing a password with a hash, none if that is nil, and says that it is wrong.
func (v *Verifier) pretend(ctx context.Context, decoy *phcHash, given string) error {
	if decoy == nil {
		return ErrCredentials
	}
	if _, err := v.compute(ctx, decoy, given); err != nil {
		return err
	}
	return ErrCredentials
}

// compute compares a password with a hash when there is a place for that.
func (v *Verifier) compute(ctx context.Context, hash *phcHash, given string) (ok bool, err error) {
	select {
	case v.hashing <- struct{}{}:
	case <-ctx.Done():
		return false, fmt.Errorf("wait to verify a password: %w", ctx.Err())
	}
	defer func() { <-v.hashing }()
	return hash.matches(given), nil
}

// check gives the account if the password is the one in the file.
func (v *Verifier) check(ctx context.Context, a *Account, want message.Secret, given string) (*Account, error) {
	if err := v.verify(ctx, want, given); err != nil {
		return nil, err
	}
	return a, nil
}

// verify compares the password given with the one in the file, in a time that does not depend on where they differ.
func (v *Verifier) verify(ctx context.Context, want message.Secret, given string) error {
	text := want.Reveal()
	if text == "" {
		return ErrCredentials
	}
	if !strings.HasPrefix(text, hashPrefix) {
		w, g := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(w[:], g[:]) == 1 {
			return nil
		}
		return ErrCredentials
	}
	mark := v.mark(text, given)
	if v.known(mark) {
		return nil
	}
	hash, err := parseHash(text)
	if err != nil {
		return ErrCredentials // Validate has told the operator
	}
	ok, err := v.compute(ctx, &hash, given)
	if err != nil {
		return err
	}
	if !ok {
		return ErrCredentials
	}
	v.remember(mark)
	return nil
}

// mark names a pair of hash and password without revealing either. A changed hash makes another mark, so that a
// password withdrawn by a reload is not accepted from memory.
func (v *Verifier) mark(hash, password string) (mark [sha256.Size]byte) {
	mac := hmac.New(sha256.New, v.key[:])
	fmt.Fprintf(mac, "%d:%s%s", len(hash), hash, password)
	mac.Sum(mark[:0])
	return mark
}

func (v *Verifier) known(mark [sha256.Size]byte) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	_, ok := v.remembered[mark]
	return ok
}

func (v *Verifier) remember(mark [sha256.Size]byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.remembered) >= maxRemembered {
		clear(v.remembered)
	}
	v.remembered[mark] = struct{}{}
}

// phcHash is an argon2id hash in the PHC string format: $argon2id$v=19$m=65536,t=3,p=4$salt$hash (RFC 9106 3.1 gives the parameters).
type phcHash struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	sum     []byte
}

// Bounds of a hash that we are willing to compute.
const (
	maxHashMemory = 1 << 20 // KiB: 1 GiB
	maxHashPasses = 64
)

// parseHash reads a PHC string.
func parseHash(text string) (phcHash, error) {
	var h phcHash
	rest, ok := strings.CutPrefix(text, hashPrefix)
	fields := strings.Split(rest, "$")
	if !ok || len(fields) != 4 {
		return h, errors.New("an argon2id hash has the form $argon2id$v=19$m=65536,t=3,p=4$SALT$HASH")
	}
	if fields[0] != "v=19" {
		return h, fmt.Errorf("argon2id version %q is not supported, only v=19", fields[0])
	}
	if n, err := fmt.Sscanf(fields[1], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil || n != 3 {
		return h, fmt.Errorf("argon2id parameters %q are not of the form m=65536,t=3,p=4", fields[1])
	}
	if h.memory < 8 || h.memory > maxHashMemory || h.passes < 1 || h.passes > maxHashPasses || h.threads < 1 {
		return h, fmt.Errorf("argon2id parameters %q are out of range (m 8 to %d, t 1 to %d, p 1 to 255)", fields[1], maxHashMemory, maxHashPasses)
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(fields[2]); err != nil {
		return h, fmt.Errorf("salt of the argon2id hash: %w", err)
	}
	if h.sum, err = base64.RawStdEncoding.DecodeString(fields[3]); err != nil {
		return h, fmt.Errorf("argon2id hash: %w", err)
	}
	if len(h.salt) < 8 || len(h.sum) < 16 || len(h.sum) > 128 {
		return h, errors.New("an argon2id hash needs a salt of at least 8 octets and 16 to 128 octets of hash")
	}
	return h, nil
}

// matches computes the hash of a password and compares.
func (h phcHash) matches(password string) bool {
	sum := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}
