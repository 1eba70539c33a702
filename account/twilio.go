package account

import (
	"crypto/subtle"
	"fmt"
	"strings"

	"kurir/message"
)

// Twilio is how an account signs in as a client of Twilio does.
type Twilio struct {
	// AccountSID is what the client names itself: AC and 32 hexadecimal digits. Empty: no client of Twilio can sign in.
	AccountSID string `yaml:"account_sid"`
	// AuthToken is its password, and the key by which callbacks are signed (X-Twilio-Signature).
	AuthToken message.Secret `yaml:"auth_token"`
	// Keys sign in too.
	Keys []TwilioKey `yaml:"keys"`
}

// TwilioKey is an API key of a client of Twilio.
type TwilioKey struct {
	// SID is its name: SK and 32 hexadecimal digits.
	SID string `yaml:"sid"`
	// Secret is its password.
	Secret message.Secret `yaml:"secret"`
}

// validate reports what is wrong with it.
func (t *Twilio) validate(report func(field, problem string)) {
	switch {
	case t.AccountSID == "" && t.AuthToken == "" && len(t.Keys) == 0:
		return
	case !isTwilioSID(t.AccountSID, "AC"):
		report("twilio.account_sid", "is not AC and 32 hexadecimal digits")
	case t.AuthToken == "":
		report("twilio.auth_token", "is missing; callbacks could not be signed")
	}
	for i := range t.Keys {
		if !isTwilioSID(t.Keys[i].SID, "SK") {
			report(fmt.Sprintf("twilio.keys[%d].sid", i), "is not SK and 32 hexadecimal digits")
		}
		if t.Keys[i].Secret == "" {
			report(fmt.Sprintf("twilio.keys[%d].secret", i), "is missing")
		}
	}
}

// SIDs are the names by which a client signs in.
func (t *Twilio) SIDs() (sids []string) {
	if t.AccountSID == "" {
		return nil
	}
	sids = append(sids, t.AccountSID)
	for i := range t.Keys {
		sids = append(sids, t.Keys[i].SID)
	}
	return sids
}

// isTwilioSID tells whether a name has the form of Twilio's.
func isTwilioSID(sid, kind string) bool {
	digits, ok := strings.CutPrefix(sid, kind)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// opens tells whether a name and a password are those of a client.
func (t *Twilio) opens(sid, password string) bool {
	want := t.AuthToken
	for i := range t.Keys {
		if t.Keys[i].SID == sid {
			want = t.Keys[i].Secret
		}
	}
	return want != "" && subtle.ConstantTimeCompare([]byte(want.Reveal()), []byte(password)) == 1
}

// ByTwilio gives the account of a client of Twilio by account SID or API key and its password; nil if they are wrong.
func (s *Directory) ByTwilio(sid, password string) *Account {
	if s == nil {
		return nil
	}
	if a := s.byTwilio[sid]; a != nil && a.Twilio.opens(sid, password) {
		return a
	}
	return nil
}
