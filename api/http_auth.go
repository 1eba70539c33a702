package api

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"kurir/account"
)

// actingKey is where a request from within the program says who makes it.
type actingKey struct{}

// As gives the context of a request from within the program, which the account makes: it needs no credentials.
func As(ctx context.Context, a *account.Account) context.Context {
	return context.WithValue(ctx, actingKey{}, a)
}

// authenticate finds the account of a request: Authorization is Bearer with an
// API key, or Basic with the account's name and password.
func (s *httpServer) authenticate(r *http.Request) (*account.Account, *problem) {
	if a, ok := r.Context().Value(actingKey{}).(*account.Account); ok {
		return a, nil
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	var a *account.Account
	var err error
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		a, err = s.login(r, "key "+credentials, func(context.Context) (*account.Account, error) {
			return s.byKey(r, strings.TrimSpace(credentials))
		})
	case strings.EqualFold(scheme, "Basic"):
		name, password, ok := r.BasicAuth()
		if !ok {
			return nil, unauthorized("the header Authorization is malformed: Basic and base64 of name:password is expected")
		}
		a, err = s.password(r, name, password)
	default:
		return nil, unauthorized("the header Authorization is missing: Bearer and an API key, or Basic with the account's name and password, is expected")
	}
	return a, loginProblem(err)
}

// password finds the account with that name and password.
func (s *httpServer) password(r *http.Request, name, password string) (*account.Account, error) {
	return s.login(r, "name "+name, func(ctx context.Context) (*account.Account, error) {
		ctx, cancel := lasting(ctx, s.Timeout) // hashes are computed two at a time
		defer cancel()
		return s.Verifier.Authenticate(ctx, s.Accounts(), name, password)
	})
}

// Errors of login beyond account.ErrCredentials.
var (
	errAddress  = errors.New("the account, or the API key, may not be used from this address")
	errExpired  = fmt.Errorf("%w: the API key has expired", account.ErrCredentials)
	errSlowDown = errors.New("too many failed logins from this address")
)

// login runs check, slows failures down and holds the account's address
// ranges. claim is who the request says it is from.
func (s *httpServer) login(r *http.Request, claim string, check func(context.Context) (*account.Account, error)) (*account.Account, error) {
	addr := remoteAddr(r)
	if !s.logins.MayTry(addr, claim) {
		return nil, errSlowDown
	}
	a, err := check(r.Context())
	if err != nil {
		if errors.Is(err, account.ErrCredentials) {
			s.logins.Failed(r.Context(), addr, claim)
		}
		return nil, err
	}
	if !a.MayComeFrom(addr) {
		return nil, errAddress
	}
	return a, nil
}

// loginProblem is the REST interface's answer to an error of login.
func loginProblem(err error) *problem {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errAddress):
		return &problem{Status: http.StatusForbidden, Code: codeAddress, Detail: errAddress.Error()}
	case errors.Is(err, errSlowDown):
		return &problem{Status: http.StatusTooManyRequests, Code: codeTooManyLogins, Detail: errSlowDown.Error(), RetryAfter: 5}
	case errors.Is(err, errExpired):
		return unauthorized("the API key has expired")
	case errors.Is(err, account.ErrCredentials):
		return unauthorized("the API key, or the account's name or password, is wrong")
	}
	return &problem{Status: http.StatusServiceUnavailable, Code: codeTimeout, RetryAfter: 1, Detail: "the password could not be verified in time"}
}

func unauthorized(detail string) *problem {
	return &problem{Status: http.StatusUnauthorized, Code: codeUnauthorized, Detail: detail, Challenge: true}
}

const (
	maxLoginPause  = 5 * time.Second
	forgetFailures = 10 * time.Minute
	maxPausing     = 10   // answers held back per address and name or key,
	maxPausingFrom = 100  // per address,
	maxPausingAll  = 1000 // and in all
	maxBraked      = 10000
)

// LoginBrake makes failed logins slow: the answer to each is held back, twice
// as long after every failure from the same address up to maxLoginPause. Right
// credentials are never held back. Whoever has maxPausing answers outstanding
// for one name or key, or maxPausingFrom for many, is refused until one of them
// has gone out: so somebody who is wrong again and again does not shut out the
// others behind his proxy. Memory is bounded by maxBraked entries and
// maxPausingAll answers.
type LoginBrake struct {
	first time.Duration
	seed  maphash.Seed

	mu      sync.Mutex
	from    map[loginKey]*failures
	pausing int
}

// loginKey is an address, or a name or key that was claimed from there.
type loginKey struct {
	addr  netip.Addr
	claim uint64 // hash of what was claimed; 0 for the address itself
}

type failures struct {
	count   int
	pausing int
	last    time.Time
}

// NewLoginBrake makes one that has counted nothing; first is the pause after the first failure.
func NewLoginBrake(first time.Duration) *LoginBrake {
	return &LoginBrake{first: first, seed: maphash.MakeSeed(), from: map[loginKey]*failures{}}
}

// keys returns what a login counts for: its address, of an IPv6 customer all of
// his network, and its claim from there.
func (b *LoginBrake) keys(addr netip.Addr, claim string) (from, claimed loginKey) {
	addr = clientNetwork(addr)
	return loginKey{addr: addr}, loginKey{addr, maphash.String(b.seed, claim) | 1}
}

// MayTry tells whether credentials for this claim from this address are looked
// at now.
func (b *LoginBrake) MayTry(addr netip.Addr, claim string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.from) == 0 {
		return true
	}
	from, claimed := b.keys(addr, claim)
	f, c := b.from[from], b.from[claimed]
	return b.pausing < maxPausingAll && (f == nil || f.pausing < maxPausingFrom) && (c == nil || c.pausing < maxPausing)
}

// Failed counts a failure and returns when it may be answered.
func (b *LoginBrake) Failed(ctx context.Context, addr netip.Addr, claim string) {
	from, claimed := b.keys(addr, claim)
	b.mu.Lock()
	f, c := b.of(from), b.of(claimed)
	pause := min(b.first<<min(f.count, 20), maxLoginPause)
	f.count++
	now := time.Now()
	f.last, c.last = now, now
	f.pausing++
	c.pausing++
	b.pausing++
	b.mu.Unlock()

	// The place is kept for the whole pause, also when the client hangs up:
	// else guessing would go as fast as one can hang up.
	over := make(chan struct{})
	time.AfterFunc(pause, func() {
		b.mu.Lock()
		f.pausing--
		c.pausing--
		b.pausing--
		b.mu.Unlock()
		close(over)
	})
	select {
	case <-over:
	case <-ctx.Done():
	}
}

// of returns the failures of a key, none if they are long ago.
func (b *LoginBrake) of(key loginKey) *failures {
	f := b.from[key]
	if f == nil || f.pausing == 0 && time.Since(f.last) > forgetFailures {
		b.makeRoom()
		f = &failures{}
		b.from[key] = f
	}
	return f
}

// makeRoom forgets old entries when there are too many, any if none is old.
func (b *LoginBrake) makeRoom() {
	if len(b.from) < maxBraked {
		return
	}
	for key, f := range b.from {
		if f.pausing == 0 && time.Since(f.last) > forgetFailures {
			delete(b.from, key)
		}
	}
	for key, f := range b.from {
		if len(b.from) < maxBraked*3/4 {
			return
		}
		if f.pausing == 0 {
			delete(b.from, key)
		}
	}
}
