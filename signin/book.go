package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"kurir/account"
	"kurir/store"
)

// Options is what a Book is made of. Store is required.
type Options struct {
	Store *store.Store
	Now   func() time.Time // nil: time.Now
	// Seal encrypts the secret of a person's second factor, and Open gives it back; nil: it is kept as it is.
	Seal, Open func(person, secret string) (string, error)
}

// Book keeps sessions, second factors and one-time links in the store. It is safe for concurrent use.
type Book struct {
	opt Options

	mu      sync.Mutex
	touched map[string]int64 // when sessions were used that the store does not know of yet, by hash
	writing bool             // touched is being written
	wrote   time.Time        // when it was written last
	writers sync.WaitGroup
}

// New makes a Book.
func New(o Options) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	asItIs := func(_, secret string) (string, error) { return secret, nil }
	if o.Seal == nil {
		o.Seal = asItIs
	}
	if o.Open == nil {
		o.Open = asItIs
	}
	return &Book{opt: o, touched: map[string]int64{}}
}

// Wait waits until nothing is being written in the background any more.
func (b *Book) Wait() { b.writers.Wait() }

// newToken makes a token of 256 random bits, and the hash by which it is kept.
func newToken() (token string, hash []byte) {
	token = rand.Text() + rand.Text()
	return token, hashOf(token)
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// markOf changes with the user's password. Without the token, which is not kept, it says nothing of it.
func markOf(u *account.User, token string) []byte {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(u.Password.Reveal()))
	return mac.Sum(nil)
}
