package account

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Protocol is one over which a customer logs in with a name that may be another than the account's, beside SMPP.
type Protocol uint8

// The protocols.
const (
	UCP Protocol = iota
	CIMD2

	protocols // their number
)

// protocolFacts is what is different between them.
var protocolFacts = [protocols]struct {
	field  string
	window int // the most
	name   int // characters of the longest name
}{UCP: {"ucp", 100, 16}, CIMD2: {"cimd2", 128, 32}}

// Login is how an account logs in over EMI/UCP or CIMD2.
type Login struct {
	// Name to log in with: over UCP the number of the account, at most 16 digits, over CIMD2 the user identity, at most 32
	// characters. Empty: the account's name.
	Name string `yaml:"name" example:"\"8888\""`
	// Password to log in with, plain or as an argon2id hash; at most 32 characters over CIMD2. Empty: the account's
	// password.
	Password message.Secret `yaml:"password"`
	// Addresses lets the customer in without a log-in who comes from one of these networks, as in 192.0.2.0/24 (UCP only).
	Addresses []string `yaml:"addresses"`
	// Sessions is how many may be open at a time. 0: ten.
	Sessions int `yaml:"sessions" example:"10"`
	// Window is how many requests of a session may be unanswered in each direction, at most 100 over UCP and 128 over CIMD2,
	// where the log-in may ask for less. 0: the most.
	Window int `yaml:"window" example:"10"`
	// Alphabet is what the octets of texts mean to the customer over UCP: gsm, latin1, ira, british, danish, french, german,
	// italian, spanish, swedish or swedish-names. Empty: gsm.
	Alphabet string `yaml:"alphabet"`
	// Zone is the time zone of the times that are exchanged, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Stockholm"`

	networks []netip.Prefix // Addresses, parsed
}

// Login is how the account logs in by a protocol.
func (a *Account) Login(by Protocol) *Login {
	if by == CIMD2 {
		return &a.CIMD2
	}
	return &a.UCP
}

// LoginName is what the customer logs in with by a protocol.
func (a *Account) LoginName(by Protocol) string {
	if name := a.Login(by).Name; name != "" {
		return name
	}
	return a.Name
}

// loginPassword is what it logs in with.
func (a *Account) loginPassword(by Protocol) message.Secret {
	if password := a.Login(by).Password; password != "" {
		return password
	}
	return a.Password
}

// MaxSessions is how many sessions of the customer may be open at a time.
func (l *Login) MaxSessions() int {
	if l.Sessions > 0 {
		return l.Sessions
	}
	return DefaultSessions
}

// MaxWindow is how many requests of a session may be unanswered in each direction.
func (l *Login) MaxWindow(by Protocol) int {
	if l.Window > 0 {
		return l.Window
	}
	return protocolFacts[by].window
}

// within tells whether the customer may come from an address without a log-in.
func (l *Login) within(addr netip.Addr) bool { return contains(l.networks, addr) }

// Location is the zone of times.
func (l *Login) Location() *time.Location {
	if zone, err := time.LoadLocation(l.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// ValidateLogins reports what is wrong with how an account logs in; alphabets are those that UCP has.
func (a *Account) ValidateLogins(alphabets []string, report func(field, problem string)) {
	for by := range protocols {
		l, facts := a.Login(by), &protocolFacts[by]
		field := func(name, problem string) { report(facts.field+"."+name, problem) }
		if len(l.Name) > facts.name || by == UCP && l.Name != "" && !message.AllDigits(l.Name) {
			field("name", fmt.Sprintf("%q cannot be a name: it has at most %d %s", l.Name, facts.name, [...]string{UCP: "digits", CIMD2: "characters"}[by]))
		}
		if l.Window < 0 || l.Window > facts.window {
			field("window", fmt.Sprintf("%d is not between 1 and %d", l.Window, facts.window))
		}
		if l.Sessions < 0 || l.Sessions > 10_000 {
			field("sessions", fmt.Sprintf("%d is not between 1 and 10000", l.Sessions))
		}
		if _, err := time.LoadLocation(l.Zone); err != nil || l.Zone == "Local" {
			field("zone", fmt.Sprintf("%q is no time zone; write it as in Europe/Stockholm", l.Zone))
		}
		if l.Alphabet != "" && (by != UCP || !slices.Contains(alphabets, l.Alphabet)) {
			field("alphabet", fmt.Sprintf("%q is not known; over UCP there are %s", l.Alphabet, strings.Join(alphabets, ", ")))
		}
		if len(l.Addresses) > 0 && by != UCP {
			field("addresses", "only over UCP a customer may come without a log-in")
		}
		for i, text := range l.Addresses {
			if _, err := ParseNetwork(text); err != nil {
				field(fmt.Sprintf("addresses[%d]", i), err.Error())
			}
		}
	}
}
