package signin

import (
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"kurir/account"
	"kurir/store"
)

// clock is a test's time.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

// open opens a Book in a database of its own; again is another one in the same, as of another server or after a restart.
func open(t *testing.T) (b *Book, again func() *Book, c *clock) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	c = &clock{}
	c.at.Store(1_800_000_000)
	again = func() *Book {
		return New(Options{
			Store: s, Now: c.now,
			Seal: func(person, secret string) (string, error) { return person + ":" + secret, nil },
			Open: func(person, sealed string) (string, error) { return strings.TrimPrefix(sealed, person+":"), nil },
		})
	}
	b = again()
	t.Cleanup(func() {
		b.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, again, c
}

func user(name string) *account.User { return &account.User{Name: name, Password: "$argon2id$one"} }

// A session is found by its token at every server until it ends, is idle for too long, or the password is another.
func TestSession(t *testing.T) {
	t.Parallel()
	b, again, c := open(t)
	anna := user("anna")
	token, err := b.Begin(anna, "192.0.2.1", strings.Repeat("x", 300), false)
	if err != nil {
		t.Fatal(err)
	}
	other := again()
	find := func(b *Book, token string) *Session {
		t.Helper()
		s, err := b.Find(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := find(other, token)
	if s == nil || s.Person != "anna" || s.Addr != "192.0.2.1" || len(s.Agent) != 200 || !s.Of(anna) || s.Of(user("eva")) {
		t.Fatalf("the session is %+v", s)
	}
	if changed := user("anna"); true {
		changed.Password = "$argon2id$two"
		if s.Of(changed) {
			t.Error("another password does not end it")
		}
	}
	if find(b, "nothing") != nil {
		t.Error("a token that there is not is one")
	}
	c.advance(11 * time.Hour)
	find(b, token) // which notes that it is used
	b.Wait()
	c.advance(11 * time.Hour)
	if s = find(other, token); s == nil {
		t.Error("another server does not know that it was used")
	}
	second, err := other.Begin(anna, "::1", "", false)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := b.Begin(anna, "::1", "", true)
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.Sessions(t.Context(), "anna")
	if err != nil || len(list) != 2 {
		t.Fatalf("the sessions are %v, %v", list, err)
	}
	if found, err := b.End(t.Context(), "eva", list[0].ID); err != nil || found {
		t.Errorf("somebody else's: %v, %v", found, err)
	}
	if found, err := b.End(t.Context(), "anna", s.ID); err != nil || !found || find(other, token) != nil {
		t.Errorf("ended: %v, %v", found, err)
	}
	if s = find(b, waiting); s == nil || !s.Waits {
		t.Errorf("one that waits is %+v", s)
	}
	c.advance(11 * time.Minute)
	if find(b, waiting) != nil {
		t.Error("it waits for ever")
	}
	if err := b.EndAll("anna", find(b, second)); err != nil || find(b, second) == nil {
		t.Errorf("all others: %v", err)
	}
	c.advance(13 * time.Hour)
	if find(b, second) != nil {
		t.Error("it is idle for ever")
	}
	other.Wait()
}

// codeAt is what a device shows.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// Each code counts once, at all servers together, the recovery codes too; wrong ones are slowed down.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	b, again, c := open(t)
	p, err := Propose("Kurir", "anna", "")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := Propose("Kurir", "anna", p.Secret); err != nil || *same != *p || !strings.HasPrefix(p.URL, "otpauth://totp/Kurir:anna?") || p.Size < 29 || !strings.HasPrefix(p.Picture, "M4 4h7v1h-7z") {
		t.Errorf("proposed: %+v, %+v, %v", p, same, err)
	}
	if _, err := Propose("Kurir", "anna", "ABC"); err == nil {
		t.Error("any secret will do")
	}
	// From here on one whose codes are always the same ones, so that those that are meant to be wrong are.
	if p, err = Propose("Kurir", "anna", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Enrol("anna", p.Secret, "000000"); !errors.Is(err, ErrCode) {
		t.Errorf("a wrong code: %v", err)
	}
	if err := b.Check(t.Context(), "anna", codeAt(t, p.Secret, c.now())); !errors.Is(err, ErrCode) {
		t.Errorf("without a second factor: %v", err)
	}
	first := codeAt(t, p.Secret, c.now())
	codes, err := b.Enrol("anna", p.Secret, first[:3]+" "+first[3:])
	if err != nil || len(codes) != 10 {
		t.Fatalf("enrolled: %v, %v", codes, err)
	}
	check := func(what, code string, want error) {
		t.Helper()
		if err := again().Check(t.Context(), "anna", code); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	check("the code of the enrolment", first, ErrCode)
	next := codeAt(t, p.Secret, c.now().Add(30*time.Second))
	check("that of a device that is ahead", next, nil)
	check("the same again", next, ErrCode)
	check("a recovery code", strings.ToUpper(codes[3]), nil)
	check("the same again", codes[3], ErrCode)
	if f, err := b.Factor(t.Context(), "anna"); err != nil || f.Codes != 9 {
		t.Errorf("it is %+v, %v", f, err)
	}
	c.advance(10 * time.Minute)
	for range 4 {
		check("a wrong one", "123456", ErrCode)
	}
	check("the fifth", "000000", ErrCode)
	check("none", "", ErrCode)
	check("a right one too early", codeAt(t, p.Secret, c.now()), ErrSlow)
	check("a recovery code, which nobody guesses", codes[4], nil) // and it is forgotten how many were wrong
	for range 5 {
		check("a wrong one", "123456", ErrCode)
	}
	check("a right one too early", codeAt(t, p.Secret, c.now()), ErrSlow)
	c.advance(30 * time.Second)
	check("the same in time", codeAt(t, p.Secret, c.now()), nil)
	if err := b.Reseal(t.Context(), func(secret string) bool { return false }); err != nil {
		t.Error(err)
	}
	if err := b.Drop("anna", false); err != nil {
		t.Error(err)
	}
	if all, err := b.Factors(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("after that: %v, %v", all, err)
	}
}

// Of a hundred wrong codes at the same moment no more are looked at than of a hundred in turn, and of a hundred times the same right
// one, or the same recovery code, one lets in. Nobody who comes too late replaces a second factor.
func TestCodesAtOnce(t *testing.T) {
	t.Parallel()
	b, _, c := open(t)
	p, err := Propose("Kurir", "anna", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") // by chance another one could have the code that is meant to be wrong
	if err != nil {
		t.Fatal(err)
	}
	atOnce := func(do func() error) map[error]int {
		var mu sync.Mutex
		var all sync.WaitGroup
		results := map[error]int{}
		for range 100 {
			all.Go(func() {
				err := do()
				mu.Lock()
				defer mu.Unlock()
				results[err]++
			})
		}
		all.Wait()
		return results
	}
	var codes []string
	got := atOnce(func() error {
		made, err := b.Enrol("anna", p.Secret, codeAt(t, p.Secret, c.now()))
		if err == nil {
			codes = made
		}
		return err
	})
	if got[nil] != 1 || got[ErrEnrolled] != 99 {
		t.Errorf("enrolled at once: %v", got)
	}
	check := func(code string) map[error]int {
		return atOnce(func() error { return b.Check(t.Context(), "anna", code) })
	}
	if got = check("000000"); got[ErrCode] != freeTries || got[ErrSlow] != 100-freeTries {
		t.Errorf("wrong codes at once: %v", got)
	}
	if got = check(codes[0]); got[nil] != 1 || got[ErrCode] != 99 {
		t.Errorf("a recovery code at once: %v", got)
	}
	c.advance(time.Minute)
	if got = check(codeAt(t, p.Secret, c.now())); got[nil] != 1 {
		t.Errorf("a right code at once: %v", got)
	}
}

// TestStep takes the codes of RFC 6238, appendix B, in six digits.
func TestStep(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		if n, good := step(secret, code, time.Unix(at, 0)); !good || n != at/30 {
			t.Errorf("the code of %d is that of step %d, %v", at, n, good)
		}
	}
}

// A link is good once, at whatever server, for one user with one password, for a time.
func TestLink(t *testing.T) {
	t.Parallel()
	b, again, c := open(t)
	anna := user("anna")
	make := func(kind Kind, u *account.User) *Link {
		t.Helper()
		token, _, err := b.MakeLink(kind, u)
		if err != nil {
			t.Fatal(err)
		}
		l, err := again().Link(t.Context(), token)
		if err != nil || l == nil || l.Kind != kind {
			t.Fatalf("the link is %+v, %v", l, err)
		}
		return l
	}
	invite := make(Invite, anna)
	if all, err := b.Links(t.Context()); err != nil || len(all) != 1 || all["anna"].Kind != Invite || all["anna"].Until.Sub(c.now()) != 7*24*time.Hour {
		t.Errorf("invited: %v, %v", all, err)
	}
	changed := user("anna")
	changed.Password = "other"
	if !invite.Of(anna) || invite.Of(changed) || invite.Of(nil) {
		t.Error("it is not for who it is for")
	}
	if err := b.Take(invite); err != nil {
		t.Error(err)
	}
	if err := again().Take(invite); !errors.Is(err, ErrNoLink) {
		t.Errorf("taken twice: %v", err)
	}
	if err := b.PutBack(invite); err != nil {
		t.Error(err)
	}
	if err := again().Take(invite); err != nil {
		t.Errorf("put back: %v", err)
	}
	one, two := make(Setup, nil), make(Setup, nil)
	if err := b.Take(one); err != nil {
		t.Error(err)
	}
	if err := b.Take(two); !errors.Is(err, ErrNoLink) {
		t.Errorf("another start's: %v", err)
	}
	token, _, err := b.MakeLink(Reset, anna)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(61 * time.Minute)
	if l, err := b.Link(t.Context(), token); l != nil || err != nil {
		t.Errorf("too old: %v, %v", l, err)
	}
}
