package account

import (
	"fmt"
	"net/url"
	"strings"

	"kurir/message"
)

// maxNameLength bounds names, which stand in lists, logs and metrics.
const maxNameLength = 64

// Validate reports what is wrong with an account, each with the field as it is written in the file.
func (a *Account) Validate(report func(field, problem string)) {
	a.validateCredentials(report)
	for i, pattern := range a.Senders {
		field := fmt.Sprintf("senders[%d]", i)
		if pattern == "" {
			report(field, "is empty; write \"*\" to permit every sender")
		} else if at := strings.IndexByte(pattern, '*'); at >= 0 && at != len(pattern)-1 {
			report(field, fmt.Sprintf("%q: * may stand at the end only", pattern))
		}
	}
	for i, text := range a.Addresses {
		if _, err := parseNetwork(text); err != nil {
			report(fmt.Sprintf("addresses[%d]", i), fmt.Sprintf("%q is neither a network such as 192.0.2.0/24 nor an address", text))
		}
	}
	for i, number := range a.Numbers {
		if !isDigits(strings.TrimPrefix(number, "+")) {
			report(fmt.Sprintf("numbers[%d]", i), fmt.Sprintf("%q is not a number in digits", number))
		}
	}
	if a.Country != "" && (len(a.Country) > 3 || !isDigits(a.Country) || a.Country[0] == '0') {
		report("country", fmt.Sprintf("%q is not a calling code of one to three digits such as \"46\"", a.Country))
	}
	a.validateLimits(report)
	validateURL(report, "webhook", a.Webhook)
	validateURL(report, "dlr_url", a.DLRURL)
	if _, failure := message.ParsePriority(a.Priority); failure != nil {
		report("priority", failure.Error())
	}
}

func (a *Account) validateCredentials(report func(field, problem string)) {
	switch {
	case a.Name == "":
		report("name", "is missing")
	case len(a.Name) > maxNameLength || strings.ContainsFunc(a.Name, func(r rune) bool { return r <= ' ' || r == ':' || r == 0x7f }):
		report("name", fmt.Sprintf("%q: at most %d characters, without spaces and colons", a.Name, maxNameLength))
	}
	if a.Password == "" && len(a.APIKeys) == 0 && a.SMPP.Password == "" {
		report("password", "is missing, and there are no api_keys: nobody could sign in")
	}
	validatePassword(report, "password", a.Password)
	validatePassword(report, "smpp.password", a.SMPP.Password)
	for i, key := range a.APIKeys {
		if _, ok := keyDigest(key); !ok {
			report(fmt.Sprintf("api_keys[%d]", i), "is empty, or sha256: is not followed by 64 hex digits")
		}
	}
	if len(a.SMPP.SystemID) > 15 {
		report("smpp.system_id", "is longer than 15 characters (SMPP 3.4 5.2.1)")
	}
}

func (a *Account) validateLimits(report func(field, problem string)) {
	if a.Rate < 0 || a.Rate != a.Rate {
		report("rate", "is less than 0; leave it out for no limit")
	}
	if a.SMPP.Sessions < 0 {
		report("smpp.sessions", "is less than 0")
	}
	if a.SMPP.Window < 0 {
		report("smpp.window", "is less than 0")
	}
	if a.SMPP.Window > MostWindow {
		report("smpp.window", fmt.Sprintf("%d is more than %d", a.SMPP.Window, MostWindow))
	}
	if a.Validity < 0 {
		report("validity", "is less than 0")
	}
	if a.MaxParts < 0 || a.MaxParts > 255 {
		report("max_parts", "is not within 0 to 255 (3GPP TS 23.040 9.2.3.24.1)")
	}
}

func validatePassword(report func(field, problem string), field string, password message.Secret) {
	text := password.Reveal()
	switch {
	case strings.HasPrefix(text, hashPrefix):
		if _, err := parseHash(text); err != nil {
			report(field, err.Error())
		}
	case strings.HasPrefix(text, "$argon2"):
		report(field, "is an argon2 hash of another kind; only argon2id is supported")
	}
}

// validateURL reports an address that is there and cannot be called. Escape codes of patterns (%d) are let pass.
func validateURL(report func(field, problem string), field, text string) {
	if text == "" {
		return
	}
	base, _, _ := strings.Cut(text, "?")
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		report(field, fmt.Sprintf("%q is not an address that starts with http:// or https://", text))
	}
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
