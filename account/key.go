package account

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"kurir/message"
)

// Key is an API key that may less than its account, or for a time only. Those under api_keys of an account have all of
// the account's rights.
type Key struct {
	// Name of the key, at most 64 octets. One with a colon begins with the account: acme:web.
	Name string `yaml:"name" example:"acme:web"`
	// Account is the account that signs in with the key.
	Account string `yaml:"account" example:"acme"`
	// Key accepted as "Authorization: Bearer KEY": as it is, or sha256: and its SHA-256 in hex. Over REST it may be left
	// out: then one is made and shown once.
	Key message.Secret `yaml:"key" example:"acme-web-key"`
	// Scopes say what the key may do, such as messages:write; docs/api.md has them all. Empty: all that the account may.
	Scopes []string `yaml:"scopes" example:"[messages:write, messages:read]"`
	// Addresses from which the key is taken, as networks (192.0.2.0/24) or single addresses, besides those of the account.
	// Empty: from anywhere.
	Addresses []string `yaml:"addresses" example:"[127.0.0.0/8, \"::1\"]"`
	// Expires is when the key is not taken any more: a time (2027-01-31T12:00:00Z) or the end of a day in UTC (2027-01-31).
	// Empty: never.
	Expires string `yaml:"expires" example:"\"2036-12-31\""`
	// Previous is the key before this one, which is taken besides until PreviousExpires: so systems change to another without
	// a pause. Empty: there is none.
	Previous message.Secret `yaml:"previous"`
	// PreviousExpires is when the previous key is not taken any more, written as in Expires. Empty: as long as it stands here.
	PreviousExpires string `yaml:"previous_expires" example:"\"2036-06-30\""`
	// Note is for people: what the key is for, at most 200 octets.
	Note string `yaml:"note" example:"web shop"`

	networks []netip.Prefix // Addresses, parsed
	expires  time.Time      // zero for never
	used     *atomic.Int64  // Unix seconds; shared with the key of that name before a reload
	may      map[Scope]bool // nil for all

	reader, writer *Account // Account as the key has it for what it reads and what it changes; nil for who is no administrator
}

const maxKeyNote = 200 // octets

// keyPrefix by which people and scanners for leaked secrets know a key that Kurir made.
const keyPrefix = "kurir_"

// Validate reports what is wrong with a key, each with the field as it is written in the file. That there is the account is for
// who knows all of them.
func (k *Key) Validate(report func(field, problem string)) {
	owner, _, owned := strings.Cut(k.Name, ":")
	switch {
	case k.Name == "":
		report("name", "is missing")
	case message.NameProblem(k.Name) != "":
		report("name", message.NameProblem(k.Name))
	case owned && owner != k.Account:
		report("name", fmt.Sprintf("%q begins with another account than the key's", k.Name))
	}
	if k.Account == "" {
		report("account", "is missing")
	}
	if _, ok := keyDigest(k.Key); !ok {
		report("key", "is missing, or sha256: is not followed by 64 hex digits")
	}
	for i, word := range k.Scopes {
		if problem := scopeProblem(word); problem != "" {
			report(fmt.Sprintf("scopes[%d]", i), problem)
		}
	}
	validateAddresses("addresses", k.Addresses, report)
	if _, ok := keyDigest(k.Previous); !ok && k.Previous != "" {
		report("previous", "is not followed by 64 hex digits behind sha256:")
	}
	for field, text := range map[string]string{"expires": k.Expires, "previous_expires": k.PreviousExpires} {
		if _, err := ParseExpiry(text); err != nil {
			report(field, err.Error())
		}
	}
	if len(k.Note) > maxKeyNote {
		report("note", fmt.Sprintf("is longer than %d octets", maxKeyNote))
	}
}

// ParseExpiry reads when a key expires: a time, or a day, at whose end in UTC it does. Nothing is never, the zero time.
func ParseExpiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is no time; write 2027-01-31T12:00:00Z or 2027-01-31", text)
	}
	return at, nil
}

// May tells whether the key has a scope.
func (k *Key) May(s Scope) bool { return k.may == nil || k.may[s] }

// As gives the account as the key has it for something that takes a scope: without the right to administrate, unless the key has
// that scope too (admin:read, admin:write). Keys of a Directory only.
func (k *Key) As(a *Account, s Scope) *Account {
	switch {
	case k.writer == nil:
		return a
	case s.Reads():
		return k.reader
	}
	return k.writer
}

// Expired tells whether the key is not taken any more.
func (k *Key) Expired(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// MayComeFrom tells whether the key is taken from this address.
func (k *Key) MayComeFrom(from netip.Addr) bool {
	return len(k.Addresses) == 0 || contains(k.networks, from)
}

// Use notes that the key is used now.
func (k *Key) Use(now time.Time) {
	if at := now.Unix(); k.used.Load() != at {
		k.used.Store(at)
	}
}

// Used is when the key was last used since the server started; zero if it was not.
func (k *Key) Used() time.Time {
	if at := k.used.Load(); at != 0 {
		return time.Unix(at, 0)
	}
	return time.Time{}
}

// MarkKeyed notes which accounts have keys of their own, so that Validate does not miss a password. It comes before Validate.
func MarkKeyed(accounts []Account, keys []Key) {
	of := make(map[string]bool, len(keys))
	for i := range keys {
		of[keys[i].Account] = true
	}
	for i := range accounts {
		accounts[i].keyed = of[accounts[i].Name]
	}
}

// AddKeys adds keys that Validate found nothing wrong with to a Directory that nobody has yet. A key keeps when it was used from
// its namesake in previous, which may be nil.
func (s *Directory) AddKeys(keys []Key, previous *Directory) {
	s.keyByName = make(map[string]*Key, len(keys))
	for i := range keys {
		k := keys[i]
		owner := s.byName[k.Account]
		if owner == nil || s.keyByName[k.Name] != nil {
			continue
		}
		k.networks = networksOf(k.Addresses)
		k.expires, _ = ParseExpiry(k.Expires) // checked
		k.limit()
		k.used = new(atomic.Int64)
		if before := previous.KeyByName(k.Name); before != nil && before.Account == k.Account {
			k.used = before.used
		}
		s.keys = append(s.keys, &k)
		s.keyByName[k.Name] = &k
		s.take(&k, k.Key, owner)
		if k.Previous != "" {
			before := k
			if at, _ := ParseExpiry(k.PreviousExpires); !at.IsZero() && (k.expires.IsZero() || at.Before(k.expires)) {
				before.expires, before.Expires = at, k.PreviousExpires
			}
			s.take(&before, k.Previous, owner)
		}
	}
}

// take has a secret sign in to an account by a key.
func (s *Directory) take(k *Key, secret message.Secret, owner *Account) {
	digest, ok := keyDigest(secret)
	if !ok || s.byKey[digest] != nil {
		return
	}
	keyed := *owner
	keyed.key = k
	if keyed.Admin {
		reader, writer := keyed, keyed
		reader.Admin, writer.Admin = k.May(AdminRead), k.May(AdminWrite)
		k.reader, k.writer = &reader, &writer
	}
	s.byKey[digest] = &keyed
}

// NewKeySecret makes a key of 256 random bits.
func NewKeySecret() string {
	bits := make([]byte, 32)
	_, _ = rand.Read(bits) // never fails (crypto/rand)
	return keyPrefix + base64.RawURLEncoding.EncodeToString(bits)
}

// limit finds out what the key may.
func (k *Key) limit() {
	may := map[Scope]bool{}
	for _, s := range Scopes() {
		if s.within(k.Scopes) {
			may[s] = true
		}
	}
	if len(may) < len(Scopes()) {
		k.may = may
	}
}

// Keys gives the keys in the order of the file. Not to be changed.
func (s *Directory) Keys() []*Key {
	if s == nil {
		return nil
	}
	return s.keys
}

// KeyByName gives the key of that name, nil if there is none.
func (s *Directory) KeyByName(name string) *Key {
	if s == nil {
		return nil
	}
	return s.keyByName[name]
}
