package connector

import (
	"fmt"
	"time"

	"kurir/message"
	"kurir/ucp"
)

// UCPConfig describes a link to an SMSC over EMI/UCP. Only name, hosts and, with most operators, account and password
// are necessary; a field that is left out has the default named with it.
type UCPConfig struct {
	Named
	Remote
	// Account is the number that we log in with (operation 60), the large account. Empty: we do not log in, for the
	// operator knows us by our address.
	Account string `yaml:"account" example:"8888"`
	// Password of the account.
	Password message.Secret `yaml:"password" example:"secret"`
	// AccountTON is the type of the account's number: 1 international, 2 national, 6 abbreviated (default).
	AccountTON *uint8 `yaml:"account_ton"`
	// AccountNPI is its numbering plan: 1 E.164, 3 X.121, 5 private (default).
	AccountNPI *uint8 `yaml:"account_npi"`
	// Number is what we call ourselves when we ask whether the peer is alive; left out: account.
	Number string `yaml:"number"`
	// Operation is how messages are submitted: 51 (default), or with old SMSCs 30, which has no senders with names and
	// no data, or 01, which has no receipts either.
	Operation string `yaml:"operation"`
	// Alphabet is what the octets of texts mean to the operator: gsm (default), latin1, ira, or the ISO 646 of a country:
	// british, danish (and Norwegian), french, german, italian, spanish, swedish (and Finnish), swedish-names.
	Alphabet string `yaml:"alphabet"`
	// International is what stands before international numbers: nothing (default) or 00.
	International string `yaml:"international"`
	// KeepAlive is after how long a silence we ask whether the peer is alive (operation 31), 1s to 1h; 30s by default.
	KeepAlive time.Duration `yaml:"keep_alive"`
	// Zone is that of the operator's times, as in Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Stockholm"`
	// Validity says how the end of validity is told to the operator: absolute (default), or none when he does not like it.
	Validity string `yaml:"validity"`
	// NotifyAddress is the address that receipts are to be sent to (NAdC), at most 17 digits; often empty: to this session.
	NotifyAddress string `yaml:"notify_address"`
	// NotifyPID is the type of that address: 0539 (default, TCP/IP), 0100, 0139 and so on.
	NotifyPID string `yaml:"notify_pid"`
	// Failures says what the operator's answers mean to him where that is not what the specification says: an error code
	// such as 04, and throttled, busy, absent, memory_full, refused, bad_recipient, bad_sender or bad_content. The first
	// four pass, and the message is tried again.
	Failures map[string]string `yaml:"failures" example:"{\"04\": throttled}"`
	// ReceiptFailures says likewise what the reasons in receipts mean (Rsn), such as 107.
	ReceiptFailures map[string]string `yaml:"receipt_failures" example:"{\"108\": absent}"`
	// Cancel, if true, lets a customer take back a message that the operator has (operation 56).
	Cancel bool `yaml:"cancel"`
	// Replace, if true, lets a customer put other content in the place of a message of one part that the operator has
	// (operation 54).
	Replace bool `yaml:"replace"`
	Common
}

// The words of the configuration; the first of each is the default.
var (
	ucpOperations    = []string{"51", "30", "01"}
	ucpInternational = []string{"", "00"}
	wireValidity     = []string{"relative", "absolute", "none"}
)

// WithDefaults returns the configuration with every field filled in.
func (c UCPConfig) WithDefaults() UCPConfig {
	c.Common.fill()
	c.Remote.fill(10)
	defaultWord(&c.Operation, ucpOperations)
	defaultTo(&c.Alphabet, "gsm")
	defaultTo(&c.KeepAlive, 30*time.Second)
	defaultTo(&c.Validity, "absolute")
	defaultTo(&c.NotifyPID, "0539")
	defaultTo(&c.Number, c.Account)
	return c
}

// Validate reports every mistake with the field that it is in.
func (c UCPConfig) Validate(report func(field, problem string)) {
	check := checker(report)
	c.Named.validate(check)
	c.Common.validate(check)
	c.Remote.validate(check, true, ucp.MaxWindow)
	check.digits("account", c.Account, 16)
	check.digits("number", c.Number, 16)
	check.digits("notify_address", c.NotifyAddress, ucp.MaxNotification)
	check.digits("notify_pid", c.NotifyPID, 4)
	check.length("password", string(c.Password), 16)
	check.word("operation", c.Operation, ucpOperations)
	check.word("international", c.International, ucpInternational)
	check.word("validity", c.Validity, wireValidity[1:])
	check.zone("zone", c.Zone)
	if _, err := ucp.ParseAlphabet(c.Alphabet); err != nil {
		report("alphabet", err.Error())
	}
	if len(c.Languages) > 0 && c.Alphabet != "" && c.Alphabet != "gsm" {
		report("languages", "national tables go with alphabet gsm only")
	}
	check.span("keep_alive", c.KeepAlive, time.Second, time.Hour)
	message.ValidateNumbering(report, "account_ton", c.AccountTON, "account_npi", c.AccountNPI)
	c.meanings(report)
}

// meanings reads failures and receipt_failures.
func (c *UCPConfig) meanings(report func(field, problem string)) (answers, receipts map[uint32]message.FailureKind) {
	answers = readMeanings("failures", c.Failures, func(text string) (uint32, error) {
		code, err := ucp.ParseCode(text)
		return uint32(code), err
	}, report)
	return answers, readMeanings("receipt_failures", c.ReceiptFailures, receiptCode, report)
}

// Leases is how many connections of the link are opened by us, each of which one server holds.
func (c *UCPConfig) Leases() int { return max(1, c.Sessions) }

// zone is that of the operator's times.
func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil { // Validate has found it
		return time.UTC
	}
	return loc
}

// zone reports a zone that there is not.
func (check checker) zone(field, name string) {
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		check(field, fmt.Sprintf("%q is no time zone; write it as in Europe/Stockholm", name))
	}
}

// digits reports what is no number of so many digits.
func (check checker) digits(field, value string, most int) {
	if value != "" && !message.AllDigits(value) {
		check(field, fmt.Sprintf("%q has other characters than digits", value))
	}
	check.length(field, value, most)
}
