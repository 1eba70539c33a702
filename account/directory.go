package account

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Directory is the accounts of one configuration, looked up in every way by which they are met. It does not change; a
// reload makes another. The zero Directory has no accounts. It is safe for concurrent use.
type Directory struct {
	accounts  []*Account
	byName    map[string]*Account
	byKey     map[[sha256.Size]byte]*Account
	bySystem  map[string]*Account
	byLogin   [protocols]map[string]*Account
	byNumber  map[string]*Account
	keys      []*Key
	keyByName map[string]*Key

	users      []*User
	userByName map[string]*User
	userDecoy  *phcHash // a hash of one of the users; nil if none has one

	notices []*Notice

	byHost   map[string]*Account // by the host of its web pages
	byTwilio map[string]*Account
	plain    []plainRange // the narrow before the wide
	mail     mailBook
	decoy    *phcHash // a hash of one of the accounts; nil if none has one
}

// NewDirectory indexes accounts that Validate found nothing wrong with. Of two with the same name, key, system_id or number
// the first counts. An account keeps the allowance that its namesake in previous has left; previous may be nil.
func NewDirectory(accounts []Account, previous *Directory) *Directory {
	s := &Directory{
		accounts: make([]*Account, 0, len(accounts)),
		byName:   make(map[string]*Account, len(accounts)),
		byKey:    make(map[[sha256.Size]byte]*Account, len(accounts)),
		bySystem: make(map[string]*Account, len(accounts)),
		byNumber: map[string]*Account{}, byTwilio: map[string]*Account{}, byHost: map[string]*Account{},
	}
	for i := range accounts {
		a := accounts[i]
		s.add(&a, previous)
	}
	s.agree()
	s.mail.sort()
	return s
}

func (s *Directory) add(a *Account, previous *Directory) {
	if s.byName[a.Name] != nil {
		return
	}
	a.Addresses, a.networks = slices.Clone(a.Addresses), networksOf(a.Addresses)
	s.addPlain(a)
	s.mail.add(a)
	for _, sid := range a.Twilio.SIDs() {
		if s.byTwilio[sid] == nil {
			s.byTwilio[sid] = a
		}
	}
	if a.Web.Host != "" && s.byHost[a.Web.Host] == nil {
		s.byHost[a.Web.Host] = a
	}
	a.rewriting = newRewriting(a.Source, a.Destination)
	a.permit = a.Hours.Permit()
	a.signs, _ = ParseExpiry(a.WebhookSecretPreviousExpires) // checked
	a.texts, a.secret = a.Text.resolve(), a.Secret.Rules()
	if zone, err := time.LoadLocation(a.SMPP.Zone); err == nil && a.SMPP.Zone != "" {
		a.SMPP.zone = zone
	}
	for _, password := range []message.Secret{a.Password, a.SMPP.Password, a.UCP.Password, a.CIMD2.Password} {
		if hash, err := parseHash(password.Reveal()); err == nil && s.decoy == nil {
			s.decoy = &hash
		}
	}
	if before := previous.ByName(a.Name); before != nil {
		a.bucket = before.bucket
		a.bucket.setRate(a.Rate)
	} else {
		a.bucket = newBucket(a.Rate)
	}
	s.accounts = append(s.accounts, a)
	s.byName[a.Name] = a
	if s.bySystem[a.SystemID()] == nil {
		s.bySystem[a.SystemID()] = a
	}
	a.UCP.networks = networksOf(a.UCP.Addresses)
	for by := range s.byLogin {
		if s.byLogin[by] == nil {
			s.byLogin[by] = map[string]*Account{}
		}
		if name := a.LoginName(Protocol(by)); s.byLogin[by][name] == nil {
			s.byLogin[by][name] = a
		}
	}
	for _, key := range a.APIKeys {
		if digest, ok := keyDigest(key); ok && s.byKey[digest] == nil {
			s.byKey[digest] = a
		}
	}
	for _, number := range a.Numbers {
		if number = strings.TrimPrefix(number, "+"); s.byNumber[number] == nil {
			s.byNumber[number] = a
		}
	}
}

// keyDigest is the SHA-256 of a key as it stands in the file; false when it is empty or malformed.
func keyDigest(key message.Secret) (digest [sha256.Size]byte, ok bool) {
	text := key.Reveal()
	if text == "" {
		return digest, false
	}
	if digits, hashed := strings.CutPrefix(text, "sha256:"); hashed {
		n, err := hex.Decode(digest[:], []byte(digits[:min(len(digits), 2*len(digest))]))
		return digest, err == nil && n == len(digest) && len(digits) == 2*len(digest)
	}
	return sha256.Sum256([]byte(text)), true
}

// All gives the accounts in the order of the file. Not to be changed.
func (s *Directory) All() []*Account {
	if s == nil {
		return nil
	}
	return s.accounts
}

// Rates gives the rates of the accounts that have one, in parts a second.
func (s *Directory) Rates() map[string]float64 {
	rates := map[string]float64{}
	for _, a := range s.All() {
		if a.Rate > 0 {
			rates[a.Name] = a.Rate
		}
	}
	return rates
}

// ByName gives the account of that name, nil if there is none.
func (s *Directory) ByName(name string) *Account {
	if s == nil {
		return nil
	}
	return s.byName[name]
}

// BySystemID gives the account that binds over SMPP with that system_id, nil if there is none.
func (s *Directory) BySystemID(id string) *Account {
	if s == nil {
		return nil
	}
	return s.bySystem[id]
}

// ByLogin gives the account that logs in by a protocol with that name, nil if there is none.
func (s *Directory) ByLogin(by Protocol, name string) *Account {
	if s == nil || int(by) >= len(s.byLogin) {
		return nil
	}
	return s.byLogin[by][name]
}

// ByPeer gives the account that may come from an address by a protocol without a log-in, nil if there is none.
func (s *Directory) ByPeer(by Protocol, addr netip.Addr) *Account {
	for _, a := range s.All() {
		if a.Login(by).within(addr) {
			return a
		}
	}
	return nil
}

// ByAPIKey gives the account whose key this is, nil if there is none; Account.Key says if it is one with scopes. Keys are
// looked up by their SHA-256, so that the time it takes tells nothing about keys that exist.
func (s *Directory) ByAPIKey(key string) *Account {
	if s == nil || key == "" {
		return nil
	}
	return s.byKey[sha256.Sum256([]byte(key))]
}

// ByNumber gives the account to which inbound messages for that number belong, nil if there is none. The number is
// in digits, as message.Address has it.
func (s *Directory) ByNumber(number string) *Account {
	if s == nil {
		return nil
	}
	return s.byNumber[number]
}
