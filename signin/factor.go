package signin

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"kurir/store"
)

// Errors of codes.
var (
	// ErrCode means that a code is wrong, was taken before, or is too old.
	ErrCode = errors.New("the code is wrong, or was used before")
	// ErrSlow means that so many were wrong that none is looked at now.
	ErrSlow = errors.New("too many wrong codes; wait and try again")
	// ErrEnrolled means that a person has a second factor already, which another does not take the place of.
	ErrEnrolled = errors.New("there is a second factor already")
)

const (
	period      = 30 // seconds of a step
	around      = 1  // steps before and after the present one that count, for clocks that differ
	codesMade   = 10 // recovery codes
	codeOctets  = 10 // of a recovery code: 80 random bits
	hashOctets  = 16 // kept of its SHA-256
	freeTries   = 5  // wrong codes before the first pause
	firstPause  = 30 * time.Second
	longPause   = time.Hour
	triesAtOnce = 10 // codes that may come while one is counted
	digits      = 6  // of a code of a device
	secretBytes = 20 // of a secret, as RFC 4226 recommends
)

// Factor is what is said of a person's second factor.
type Factor struct {
	Since time.Time
	Codes int // recovery codes that are left
}

// Proposal is a secret that somebody may take as second factor.
type Proposal struct {
	Secret string // as people type it: base32
	URL    string // for a device: otpauth://totp/...
	// Picture is URL as a QR code: the path of its dark squares in an SVG of Size squares in each direction, with a margin of 4.
	Picture string
	Size    int
}

// Propose makes a secret for a person, or shows one again that was proposed; issuer is how the device names the server.
func Propose(issuer, person, secret string) (*Proposal, error) {
	o := totp.GenerateOpts{Issuer: issuer, AccountName: person, Period: period, SecretSize: secretBytes}
	if secret != "" {
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
		if err != nil || len(raw) != secretBytes {
			return nil, fmt.Errorf("the secret is not %d octets in base32", secretBytes)
		}
		o.Secret = raw
	}
	key, err := totp.Generate(o)
	if err != nil {
		return nil, fmt.Errorf("make a second factor: %w", err)
	}
	p := &Proposal{Secret: key.Secret(), URL: key.URL()}
	p.Picture, p.Size, err = squares(p.URL)
	return p, err
}

// squares gives a text as a QR code.
func squares(text string) (path string, size int, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, fmt.Errorf("make a QR code: %w", err)
	}
	const margin = 4
	var out strings.Builder
	bounds := code.Bounds()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(bounds.Min.X+x, bounds.Min.Y+y).RGBA()
		return r == 0
	}
	for y := range bounds.Dy() {
		for x := 0; x < bounds.Dx(); x++ {
			from := x
			for x < bounds.Dx() && dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&out, "M%d %dh%dv1h-%dz", from+margin, y+margin, x-from, x-from)
			}
		}
	}
	return out.String(), bounds.Dx() + 2*margin, nil
}

// step gives the step whose code it is, of those around a time.
func step(secret, code string, now time.Time) (int64, bool) {
	present := now.Unix() / period
	for _, at := range [...]int64{present, present - around, present + around} {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(at*period, 0), totp.ValidateOpts{Period: period, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return at, true
		}
	}
	return 0, false
}

// Enrol makes a secret a person's second factor, if the code is one of it, and gives recovery codes, which are shown this once. The
// error is ErrCode, ErrEnrolled or the database's.
func (b *Book) Enrol(person, secret, code string) (codes []string, err error) {
	at, good := step(secret, plain(code), b.opt.Now())
	if !good {
		return nil, ErrCode
	}
	sealed, err := b.opt.Seal(person, secret)
	if err != nil {
		return nil, err
	}
	codes, hashes := newCodes()
	made, err := b.opt.Store.PutSecondFactor(&store.SecondFactor{
		Person: person, Secret: sealed, Since: b.opt.Now().UnixMilli(), Step: at, Codes: hashes,
	})
	if err == nil && !made {
		err = ErrEnrolled
	}
	return codes, err
}

// newCodes makes recovery codes, and the hashes by which they are kept.
func newCodes() (codes []string, hashes []byte) {
	for range codesMade {
		raw := make([]byte, codeOctets)
		_, _ = rand.Read(raw) // never fails
		text := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
		hashes = append(hashes, codeHash(text)...)
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
	}
	return codes, hashes
}

func codeHash(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:hashOctets]
}

// plain is a code as it is typed, without what people put between.
func plain(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(code)))
}

// Factor gives what there is of a person's second factor, nil for none.
func (b *Book) Factor(ctx context.Context, person string) (*Factor, error) {
	f, err := b.factor(ctx, person)
	if err != nil || f == nil {
		return nil, err
	}
	return factorOf(f), nil
}

// Factors gives those of everybody, by name.
func (b *Book) Factors(ctx context.Context) (map[string]*Factor, error) {
	list, err := b.opt.Store.SecondFactors(ctx, "")
	if err != nil {
		return nil, err
	}
	all := map[string]*Factor{}
	for i := range list {
		all[list[i].Person] = factorOf(&list[i])
	}
	return all, nil
}

func factorOf(f *store.SecondFactor) *Factor {
	return &Factor{Since: time.UnixMilli(f.Since), Codes: len(f.Codes) / hashOctets}
}

// Check takes a code of a person's device, or one of the recovery codes. The error is ErrCode, ErrSlow or the database's. Recovery codes
// cannot be guessed, so they let in also whom somebody else's wrong codes have slowed down.
func (b *Book) Check(ctx context.Context, person, code string) error {
	code = plain(code)
	var taken bool
	f, err := b.factor(ctx, person)
	switch {
	case err != nil:
		return err
	case f == nil:
		return ErrCode
	case len(code) != digits:
		taken, err = b.takeRecovery(f, code)
	default:
		if f, err = b.try(ctx, f); err == nil {
			taken, err = b.takeStep(f, code)
		}
	}
	if err == nil && !taken {
		return ErrCode
	}
	return err
}

// factor reads a person's second factor, nil for none.
func (b *Book) factor(ctx context.Context, person string) (*store.SecondFactor, error) {
	list, err := b.opt.Store.SecondFactors(ctx, person)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// try counts a code as a wrong one before it is looked at: of many at the same moment no more are looked at than of as many in turn.
// It gives the factor as it is then; the error is ErrSlow, ErrCode if there is none any more, or the database's.
func (b *Book) try(ctx context.Context, f *store.SecondFactor) (*store.SecondFactor, error) {
	for range triesAtOnce {
		now := b.opt.Now()
		if over := f.Failed - freeTries; over >= 0 && now.Before(time.UnixMilli(f.Tried).Add(pauseAfter(over))) {
			return nil, ErrSlow
		}
		counted, err := b.opt.Store.TryFactor(f, now.UnixMilli())
		if err != nil || counted {
			return f, err
		}
		if f, err = b.factor(ctx, f.Person); err != nil {
			return nil, err
		}
		if f == nil {
			return nil, ErrCode
		}
	}
	return nil, ErrSlow
}

// pauseAfter doubles with each wrong code.
func pauseAfter(over int) time.Duration { return min(firstPause<<min(over, 10), longPause) }

// takeStep takes a code of a device, if it is good and neither it nor a later one was taken before.
func (b *Book) takeStep(f *store.SecondFactor, code string) (taken bool, err error) {
	secret, err := b.opt.Open(f.Person, f.Secret)
	if err != nil {
		return false, err
	}
	at, good := step(secret, code, b.opt.Now())
	if !good || at <= f.Step {
		return false, nil
	}
	return b.opt.Store.TakeStep(f.Person, at)
}

// takeRecovery takes a recovery code, if it is one of those that are left.
func (b *Book) takeRecovery(f *store.SecondFactor, code string) (taken bool, err error) {
	hash := codeHash(code)
	for i := 0; i+hashOctets <= len(f.Codes); i += hashOctets {
		if subtle.ConstantTimeCompare(hash, f.Codes[i:i+hashOctets]) == 1 {
			left := append(bytes.Clone(f.Codes[:i]), f.Codes[i+hashOctets:]...)
			return b.opt.Store.TakeCode(f.Person, f.Codes, left)
		}
	}
	return false, nil
}

// NewCodes makes recovery codes in place of those that there are. The error is ErrCode if there is no second factor any more.
func (b *Book) NewCodes(ctx context.Context, person string) ([]string, error) {
	f, err := b.factor(ctx, person)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, ErrCode
	}
	codes, hashes := newCodes()
	taken, err := b.opt.Store.TakeCode(person, f.Codes, hashes)
	if err == nil && !taken {
		err = ErrCode
	}
	return codes, err
}

// Drop removes a person's second factor. ends: the person's sessions and links go, too.
func (b *Book) Drop(person string, ends bool) error {
	return b.opt.Store.DropSecondFactor(person, ends)
}

// Reseal encrypts the secrets of second factors as Seal does now, but for those that are encrypted so already.
func (b *Book) Reseal(ctx context.Context, sealed func(secret string) bool) error {
	list, err := b.opt.Store.SecondFactors(ctx, "")
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		if sealed(f.Secret) {
			continue
		}
		secret, err := b.opt.Open(f.Person, f.Secret)
		if err != nil {
			return err
		}
		anew, err := b.opt.Seal(f.Person, secret)
		if err != nil {
			return err
		}
		if err := b.opt.Store.ResealFactor(f.Person, f.Secret, anew); err != nil {
			return err
		}
	}
	return nil
}
