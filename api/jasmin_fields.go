package api

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// jasminMessage is a message from its arguments to its answer.
type jasminMessage struct {
	args   *jasminArgs
	sub    gateway.Submission
	answer *jasminAnswer
}

// arg returns an argument without the space around it.
func (m *jasminMessage) arg(name string) string { return strings.TrimSpace(m.args.values[name]) }

// content reads content or hex-content by coding: octets as a submit_sm with
// that data_coding has them, but for coding 0, with which content is UTF-8, and
// for content of JSON, which is characters.
func (m *jasminMessage) content() *jasminAnswer {
	text, given := m.args.values["content"]
	digits, isHex := m.args.values["hex-content"]
	switch {
	case !given && !isHex:
		return jasminRefuse(http.StatusBadRequest, jasminNoText)
	case given && isHex:
		return jasminRefuse(http.StatusBadRequest, jasminTwoTexts)
	}
	coding := max(0, jasminCoding(m.args.values["coding"]))
	c := &m.sub.Content
	c.Class = gsm.NoClass
	octets := []byte(text)
	if isHex {
		var err error
		if octets, err = hex.DecodeString(digits); err != nil {
			return jasminRefuse(http.StatusBadRequest, "Invalid hex-content data: '"+clip(digits)+"'")
		}
	} else if coding == 0 || m.args.text {
		if !utf8.ValidString(text) {
			return jasminInvalid("content", "not UTF-8")
		}
		switch known, _ := gsm.ParseSMPPDataCoding(uint8(coding), gsm.GSM7); {
		case known.Encoding == gsm.UCS2:
			c.Text, c.Want = text, gsm.UCS2
		case coding == 2 || coding == 4:
			c.Data, c.Want = octets, gsm.Binary
		default:
			c.Text = text
		}
		return nil
	}
	read, status := smppContent(&smpp.ShortMessage{DataCoding: uint8(coding), Text: octets}, "")
	switch {
	case status == smpp.ESME_RINVMSGLEN && isHex:
		return jasminRefuse(http.StatusBadRequest, "Invalid hex-content data: '"+clip(digits)+"'")
	case status == smpp.ESME_RINVMSGLEN:
		return jasminInvalid("content", "half a character of UTF-16")
	case status != smpp.ESME_ROK:
		return jasminInvalid("coding", strconv.Itoa(coding))
	}
	*c = read
	if own := smppOwnCoding(uint8(coding)); own != 0 {
		c.Extra = &message.Extra{Coding: own}
	}
	return nil
}

// submission fills in what the arguments say beyond the content.
func (m *jasminMessage) submission(a *account.Account, s *httpServer) *jasminAnswer {
	sub, now := &m.sub, s.Now()
	sub.Account, sub.Via = a, message.ViaJasmin
	sub.From, sub.To = m.arg("from"), m.args.values["to"]
	if tags := strings.Trim(m.args.values["tags"], ","); tags != "" {
		sub.Tag, _, _ = strings.Cut(tags, ",") // Kurir's messages have one
	}
	sub.Priority, _ = message.ParsePriority(a.Priority) // checked with the configuration
	if p := m.args.values["priority"]; p != "" {
		sub.Priority = message.Priority(p[0] - '0')
	}
	if bad := m.times(now); bad != nil {
		return bad
	}
	if bad := m.tlvs(); bad != nil {
		return bad
	}
	sub.Content.Extra = a.Extra(sub.Content.Extra)
	return m.target(a, s.Guard)
}

// jasminMostValidity is the longest validity-period, in minutes: two years.
const jasminMostValidity = 2 * 366 * 24 * 60

// times reads sdt and validity-period, which both count from now.
func (m *jasminMessage) times(now time.Time) *jasminAnswer {
	sub := &m.sub
	if sdt := m.args.values["sdt"]; sdt != "" {
		at, err := smpp.ParseTime(sdt, now)
		if err != nil || at.Before(now.Add(-smppLate)) {
			return jasminInvalid("sdt", sdt)
		}
		sub.SendAt = at
	}
	if given := m.args.values["validity-period"]; given != "" {
		minutes, err := strconv.Atoi(given)
		end := now.Add(time.Duration(min(minutes, jasminMostValidity)) * time.Minute)
		if sub.SendAt.After(now) {
			sub.Validity = end.Sub(sub.SendAt)
		} else {
			sub.Validity = end.Sub(now)
		}
		if err != nil || sub.Validity <= 0 { // it would be over before it begins
			return jasminInvalid("validity-period", given)
		}
	}
	return nil
}

// jasminLevelOf says what a dlr-level asks for. With 1 the failures are those of
// messages that the operator did not take.
var jasminLevelOf = [...]message.Receipts{
	1: message.ReceiptIntermediate | message.ReceiptFailure,
	2: message.ReceiptFinal,
	3: message.ReceiptFinal | message.ReceiptIntermediate,
}

// target reads where receipts go, and which. Without dlr-url there are none.
func (m *jasminMessage) target(a *account.Account, guard *Guard) *jasminAnswer {
	address, level := m.args.values["dlr-url"], m.args.values["dlr-level"]
	if address == "" {
		return nil
	}
	if err := guard.Check(address); err != nil {
		bad := jasminInvalid("dlr-url", address)
		bad.why = err.Error()
		return bad
	}
	mask := uint8(1)
	if level != "" {
		mask = level[0] - '0'
	}
	m.sub.Receipts = jasminLevelOf[mask]
	if strings.EqualFold(m.args.values["dlr-method"], http.MethodGet) {
		mask |= message.JasminGet
	}
	m.sub.Target = message.Target{Kind: message.JasminTarget, Account: a.Name, Address: address, Mask: mask}
	return nil
}
