package account

import (
	"fmt"
	"net/url"
	"strings"

	"kurir/message"
)

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
	if a.LongSender != "" && a.LongSender != "refuse" && a.LongSender != LongSenderShorten {
		report("long_sender", fmt.Sprintf("%.40q is not one of refuse, shorten", a.LongSender))
	}
	for i, group := range a.Groups {
		field := fmt.Sprintf("groups[%d]", i)
		if problem := message.NameProblem(group); problem != "" {
			report(field, problem)
		} else if group == "" || strings.Contains(group, "*") {
			report(field, fmt.Sprintf("%q is no name of a group: it must not be empty nor hold a *", group))
		}
	}
	message.ValidateContactPersons("contacts", a.Contacts, report)
	validateAddresses("addresses", a.Addresses, report)
	validateAddresses("plain_from", a.PlainFrom, report)
	for i, number := range a.Numbers {
		if !message.AllDigits(strings.TrimPrefix(number, "+")) {
			report(fmt.Sprintf("numbers[%d]", i), fmt.Sprintf("%q is not a number in digits", number))
		}
	}
	if a.Country != "" {
		if problem := message.CallingCodeProblem(a.Country); problem != "" {
			report("country", problem)
		}
	}
	a.validateLimits(report)
	a.validateMoney(report)
	ValidatePredefined(a.Predefined, report)
	a.SMPP.validate(report)
	a.Text.validate(report)
	a.Twilio.validate(report)
	a.Mail.validate(func(field, problem string) { report("mail."+field, problem) })
	a.Hours.Validate(func(field, problem string) { report("hours."+field, problem) })
	validateMailTo(a.MailTo, report)
	message.ValidateAddressRules("source", a.Source, report)
	message.ValidateAddressRules("destination", a.Destination, report)
	a.Secret.Validate(func(field, problem string) { report("secret."+field, problem) })
	a.OptOut.validate(report)
	a.Web.validate(func(field, problem string) { report("web."+field, problem) })
	a.validateLists(report)
	ValidateURL(report, "webhook", a.Webhook)
	ValidatePattern(report, "dlr_url", a.DLRURL)
	a.validateHookSecrets(report)
	if _, failure := message.ParsePriority(a.Priority); failure != nil {
		report("priority", failure.Error())
	}
}

func validateAddresses(field string, addresses []string, report func(field, problem string)) {
	for i, text := range addresses {
		if _, err := ParseNetwork(text); err != nil {
			report(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q is neither a network such as 192.0.2.0/24 nor an address", text))
		}
	}
}

func (a *Account) validateCredentials(report func(field, problem string)) {
	switch {
	case a.Name == "":
		report("name", "is missing")
	case message.NameProblem(a.Name) != "":
		report("name", message.NameProblem(a.Name))
	case strings.ContainsAny(a.Name, " :"):
		report("name", fmt.Sprintf("%q has a space or a colon", a.Name))
	}
	if !a.SignsIn() && !a.above {
		report("password", "is missing, and there are no api_keys, no key under keys, no plain_from, no twilio, and no mail with networks or a domain: nobody could sign in")
	}
	validatePassword(report, "password", a.Password)
	validatePassword(report, "smpp.password", a.SMPP.Password)
	validatePassword(report, "ucp.password", a.UCP.Password)
	validatePassword(report, "cimd2.password", a.CIMD2.Password)
	for i, key := range a.APIKeys {
		if _, ok := keyDigest(key); !ok {
			report(fmt.Sprintf("api_keys[%d]", i), "is empty, or sha256: is not followed by 64 hex digits")
		}
	}
	if len(a.SMPP.SystemID) > MaxSystemID {
		report("smpp.system_id", "is longer than 15 characters (SMPP 3.4 5.2.1)")
	} else if problem := message.NameProblem(a.SMPP.SystemID); problem != "" {
		report("smpp.system_id", problem)
	}
}

func (a *Account) validateLimits(report func(field, problem string)) {
	if a.Rate < 0 || a.Rate != a.Rate {
		report("rate", "is less than 0; leave it out for no limit")
	}
	switch a.SMPP.ReceiptsPer {
	case "", "message", "part":
	default:
		report("smpp.receipts_per", fmt.Sprintf("%q is not known; message and part are", a.SMPP.ReceiptsPer))
	}
	if problem := message.AlphabetProblem(a.SMPP.Alphabet); problem != "" {
		report("smpp.alphabet", problem)
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

// ValidateURL reports an address that is there and cannot be called. Escape codes of patterns (%d) are let pass.
func ValidateURL(report func(field, problem string), field, text string) {
	if text == "" {
		return
	}
	base, _, _ := strings.Cut(text, "?")
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		report(field, fmt.Sprintf("%q is not an address such as http://host/path or https://host/path", text))
	}
}

// mostMailTo is how many addresses mail_to may have.
const mostMailTo = 20

func validateMailTo(list []string, report func(field, problem string)) {
	if len(list) > mostMailTo {
		report("mail_to", fmt.Sprintf("has more than %d addresses; have a list of your mail server's", mostMailTo))
	}
	for i, address := range list {
		if problem := message.MailboxProblem(address); problem != "" {
			report(fmt.Sprintf("mail_to[%d]", i), problem)
		}
	}
}
