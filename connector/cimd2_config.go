package connector

import (
	"time"

	"kurir/cimd2"
	"kurir/message"
)

// CIMD2Config describes a link to an SMSC over CIMD2. Only name, hosts, user and password are necessary; a field that is
// left out has the default named with it. What operators call a window is asked for in the login; one that has none is
// asked for none, and then there is one message at a time.
type CIMD2Config struct {
	Named
	Remote
	// User is our name at the SMSC, at most 32 characters.
	User string `yaml:"user" example:"kurir"`
	// Password at the SMSC, at most 32 characters.
	Password message.Secret `yaml:"password" example:"secret"`
	// Subaddress, 0 to 9, lets one account log in several times, where the operator has that. Left out: none.
	Subaddress *uint8 `yaml:"subaddress"`
	// NoChecksum, if true, leaves checksums out.
	NoChecksum bool `yaml:"no_checksum"`
	// International is what stands before international numbers: nothing (default), 00 or +.
	International string `yaml:"international"`
	// KeepAlive is after how long a silence we ask whether the peer is alive (operation 40), 1s to 1h; 30s by default.
	KeepAlive time.Duration `yaml:"keep_alive"`
	// Zone is that of the operator's times, as in Europe/Helsinki. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Helsinki"`
	// Validity says how the end of validity is told to the operator: relative (default), absolute, or none when he does
	// not like it.
	Validity string `yaml:"validity"`
	// Tariff is the class given with every message (064), 0 to 99. Left out: none.
	Tariff *uint8 `yaml:"tariff"`
	// Service is the service description given with every message (065), 0 to 9. Left out: none.
	Service *uint8 `yaml:"service"`
	// Failures says what the operator's answers mean to him where that is not what the specification says: an error code
	// such as 306, and throttled, busy, absent, memory_full, refused, bad_recipient, bad_sender or bad_content. The first
	// four pass, and the message is tried again.
	Failures map[string]string `yaml:"failures" example:"{\"9\": throttled}"`
	// ReceiptFailures says likewise what the status error codes of receipts mean (062), such as 29.
	ReceiptFailures map[string]string `yaml:"receipt_failures" example:"{\"36\": absent}"`
	// Cancel, if true, lets a customer take back a message that the operator has (operation 06).
	Cancel bool `yaml:"cancel"`
	Common
}

var cimd2International = []string{"", "00", "+"}

// WithDefaults returns the configuration with every field filled in.
func (c CIMD2Config) WithDefaults() CIMD2Config {
	c.Common.fill()
	c.Remote.fill(10)
	defaultTo(&c.KeepAlive, 30*time.Second)
	defaultWord(&c.Validity, wireValidity)
	return c
}

// Validate reports every mistake with the field that it is in.
func (c CIMD2Config) Validate(report func(field, problem string)) {
	check := checker(report)
	c.Named.validate(check)
	c.Common.validate(check)
	c.Remote.validate(check, true, cimd2.MaxWindow)
	if c.User == "" {
		report("user", "the operator names it; it cannot be empty")
	}
	check.length("user", c.User, 32)
	check.length("password", string(c.Password), 32)
	for field, n := range map[string]struct {
		value *uint8
		most  int
	}{"subaddress": {c.Subaddress, 9}, "tariff": {c.Tariff, 99}, "service": {c.Service, 9}} {
		if n.value != nil {
			check.number(field, int(*n.value), 0, n.most)
		}
	}
	check.word("international", c.International, cimd2International)
	check.word("validity", c.Validity, wireValidity)
	check.zone("zone", c.Zone)
	check.span("keep_alive", c.KeepAlive, time.Second, time.Hour)
	c.meanings(report)
}

// meanings reads failures and receipt_failures.
func (c *CIMD2Config) meanings(report func(field, problem string)) (answers, receipts map[uint32]message.FailureKind) {
	return readMeanings("failures", c.Failures, receiptCode, report), readMeanings("receipt_failures", c.ReceiptFailures, receiptCode, report)
}

// Leases is how many connections of the link are opened by us, each of which one server holds.
func (c *CIMD2Config) Leases() int { return max(1, c.Sessions) }
