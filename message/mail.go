package message

import (
	"fmt"
	"slices"
	"strings"
)

// MailServer is an SMTP server that mail is handed to.
type MailServer struct {
	// Server is the host:port of the SMTP server. Empty: no mail.
	Server string `yaml:"server" example:"mail.example.com:587"`
	// TLS is starttls (default), tls (from the beginning), or none.
	TLS string `yaml:"tls"`
	// User is our name at the server. Empty: it is not asked for one.
	User string `yaml:"user"`
	// Password at the server.
	Password Secret `yaml:"password"`
	// From is the sender's address.
	From string `yaml:"from" example:"kurir@example.com"`
}

// Validate reports what is wrong. Without a server nothing else may be given.
func (m *MailServer) Validate(report func(field, problem string)) {
	if m.Server == "" {
		if *m != (MailServer{}) {
			report("server", "is missing: the host:port of an SMTP server")
		}
		return
	}
	if problem := HostPortProblem(m.Server, 1, "mail.example.com:587"); problem != "" {
		report("server", problem)
	}
	if !slices.Contains([]string{"", "starttls", "tls", "none"}, m.TLS) {
		report("tls", fmt.Sprintf("%q is not known; starttls, tls, none are", m.TLS))
	}
	if m.TLS == "none" && m.User != "" {
		report("tls", "none would send the password in plain text")
	}
	if problem := MailboxProblem(m.From); problem != "" {
		report("from", problem)
	}
}

// mostMailbox is how long an address may be: a path of RFC 5321 4.5.3.1.3 without its brackets.
const mostMailbox = 254

// IsMailbox tells whether a text can stand in the commands of SMTP as an address.
func IsMailbox(text string) bool {
	name, domain, ok := strings.Cut(text, "@")
	return ok && name != "" && domain != "" && len(text) <= mostMailbox && !strings.Contains(domain, "@") &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7F || strings.ContainsRune("<>,;", r) })
}

// MailboxProblem says in plain words why a text is no address of a mailbox; empty if it is one.
func MailboxProblem(text string) string {
	if IsMailbox(text) {
		return ""
	}
	return fmt.Sprintf("%.80q is no address of the form name@example.com", text)
}

// MailDomain is the domain of an address, in lower case; empty if it has none.
func MailDomain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}
