package account

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// The values of SMPP.MessageIDs, SMPP.OverWindow, SMPP.AddressRange and SMPP.Receipts, but for the empty ones.
const (
	IDsText    = "text"
	IDsDecimal = "decimal"
	IDsHex     = "hex"

	OverWindowThrottle = "throttle"
	OverWindowWait     = "wait"

	AddressRangeUse = "use"

	ReceiptsDeliverSM = "deliver_sm"
	ReceiptsDataSM    = "data_sm"
)

// MaxOutbindPassword is how many characters the password of an outbind may have. The specification knows eight.
const MaxOutbindPassword = 64

// MayBind tells whether the account may use a kind of bind: transmitter, receiver or transceiver.
func (s *SMPP) MayBind(kind string) bool { return len(s.Binds) == 0 || slices.Contains(s.Binds, kind) }

// MaySpeak tells whether the account may bind with a version of the protocol: 3.3, 3.4 or 5.0.
func (s *SMPP) MaySpeak(version string) bool {
	return len(s.Versions) == 0 || slices.Contains(s.Versions, version)
}

// Location is the zone of the dates in receipts.
func (s *SMPP) Location() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// List gives the numbers of a distribution list; ok is false when the account has none of that name.
func (a *Account) List(name string) (numbers []string, ok bool) {
	for i := range a.Lists {
		if a.Lists[i].Name == name {
			return a.Lists[i].Numbers, true
		}
	}
	return nil, false
}

func (s *SMPP) validate(report func(field, problem string)) {
	oneOf := func(field, value string, values ...string) {
		if value != "" && !slices.Contains(values, value) {
			report("smpp."+field, fmt.Sprintf("%q is not one of %s", value, strings.Join(values, ", ")))
		}
	}
	for i, kind := range s.Binds {
		oneOf(fmt.Sprintf("binds[%d]", i), kind, "transmitter", "receiver", "transceiver")
	}
	for i, version := range s.Versions {
		oneOf(fmt.Sprintf("versions[%d]", i), version, "3.3", "3.4", "5.0")
	}
	oneOf("over_window", s.OverWindow, OverWindowThrottle, OverWindowWait)
	oneOf("address_range", s.AddressRange, AddressRangeUse)
	oneOf("message_ids", s.MessageIDs, IDsText, IDsDecimal, IDsHex)
	oneOf("receipts", s.Receipts, ReceiptsDeliverSM, ReceiptsDataSM)
	if s.Alerts && (!s.MaySpeak("3.4") && !s.MaySpeak("5.0") || !s.MayBind("receiver") && !s.MayBind("transceiver")) {
		report("smpp.alerts", "can come on no session that binds and versions permit: receivers and transceivers from 3.4 on have them")
	}
	if s.Receipts == ReceiptsDataSM && !s.MaySpeak("3.4") && !s.MaySpeak("5.0") {
		report("smpp.receipts", "SMPP 3.3 has no data_sm; write deliver_sm, or 3.4 among the versions")
	}
	if s.Outbind.Host != "" {
		if problem := message.HostPortProblem(s.Outbind.Host, 1, "esme.example.com:2775"); problem != "" {
			report("smpp.outbind.host", problem)
		}
	}
	if len(s.Outbind.SystemID) > MaxSystemID {
		report("smpp.outbind.system_id", "is longer than 15 characters (SMPP 3.4 5.2.1)")
	}
	if len(s.Outbind.Password) > MaxOutbindPassword {
		report("smpp.outbind.password", fmt.Sprintf("is longer than %d characters", MaxOutbindPassword))
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		report("smpp.zone", fmt.Sprintf("%q is no time zone that is known here, such as UTC or Europe/Stockholm", s.Zone))
	}
}

func (a *Account) validateLists(report func(field, problem string)) {
	for i := range a.Lists {
		l, field := &a.Lists[i], fmt.Sprintf("lists[%d]", i)
		switch {
		case l.Name == "":
			report(field+".name", "is missing")
		case len(l.Name) > MaxListName:
			report(field+".name", fmt.Sprintf("is longer than %d octets (SMPP 3.4 5.2.27)", MaxListName))
		}
		for k := range a.Lists[:i] {
			if a.Lists[k].Name == l.Name && l.Name != "" {
				report(field+".name", fmt.Sprintf("there are two lists named %q", l.Name))
			}
		}
		if len(l.Numbers) > MostRecipients {
			report(field+".numbers", fmt.Sprintf("are more than %d", MostRecipients))
		}
	}
}
