package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"kurir/message"
)

// MailTokens makes the addresses by which people answer what a phone wrote, and reads
// them: sms+ID-MAC@domain, with the id of the message from the phone and the beginning
// of its HMAC-SHA256. Who has such a mail may answer, whoever forwarded it to him, and
// nobody can guess one. Case does not matter: mail servers change it.
type MailTokens struct {
	Key    []byte // empty: there are none
	Domain string // of ours; empty: there are none
}

const (
	mailTokenPrefix = "sms+"
	mailTokenOctets = 10 // of the MAC: 80 bits, 16 characters
)

// Address is where the message from a phone with that id is answered; empty without
// domain or key.
func (t *MailTokens) Address(id message.ID) string {
	if t == nil || t.Domain == "" || len(t.Key) == 0 {
		return ""
	}
	return mailTokenPrefix + id.String() + "-" + t.mac(id) + "@" + t.Domain
}

func (t *MailTokens) mac(id message.ID) string {
	mac := hmac.New(sha256.New, t.Key)
	mac.Write([]byte("answer by mail " + id.String()))
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:mailTokenOctets]))
}

// Read gives the id of the message from a phone that is answered at an address; false
// if it is none that Address made with this key.
func (t *MailTokens) Read(address string) (message.ID, bool) {
	if t == nil || t.Domain == "" || len(t.Key) == 0 {
		return 0, false
	}
	local, domain, ok := strings.Cut(address, "@")
	if !ok || !strings.EqualFold(domain, t.Domain) || strings.ContainsFunc(local, beyondASCII) { // of which some would become letters of ours
		return 0, false
	}
	token, ours := strings.CutPrefix(strings.ToLower(local), mailTokenPrefix)
	if !ours {
		return 0, false
	}
	name, mac, ok := strings.Cut(token, "-")
	if !ok {
		return 0, false
	}
	id, err := message.ParseID(name)
	if err != nil || !hmac.Equal([]byte(mac), []byte(t.mac(id))) {
		return 0, false
	}
	return id, true
}

func beyondASCII(r rune) bool { return r >= 0x80 }
