package api

import (
	"bytes"
	"slices"
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

// smppSubmission fills in what a submit_sm says. A status other than ESME_ROK
// is the answer to a request that cannot be a message; the rest is the
// gateway's to judge.
func smppSubmission(s *gateway.Submission, a *account.Account, m *smpp.ShortMessage, now time.Time) smpp.Status {
	s.Account, s.Via = a, message.ViaSMPP
	s.From, s.FromAddr = smppSender(m.Source)
	s.To, s.ToAddr = smppRecipient(m.Dest)
	if m.ReplaceIfPresent > 1 {
		return smpp.ESME_RINVREPFLAG
	}
	var status smpp.Status
	predefined := m.DefaultMsgID != 0 && len(m.Message()) == 0
	if predefined {
		text, ok := a.PredefinedText(m.DefaultMsgID)
		if !ok {
			return smpp.ESME_RINVDFTMSGID
		}
		s.Content = message.Content{Text: text, Class: gsm.NoClass}
	} else if s.Content, status = smppContent(m, a.SMPP.Alphabet); status != smpp.ESME_ROK {
		return status
	}
	if s.Content.Extra, status = smppExtra(m, a, predefined); status != smpp.ESME_ROK {
		return status
	}
	if tags := a.SMPP.FieldTags(); tags != nil {
		if status = smppFields(s, m.TLVs, tags); status != smpp.ESME_ROK {
			return status
		}
	}
	if s.Priority, status = smppPriority(m.Priority, a); status != smpp.ESME_ROK {
		return status
	}
	if m.ScheduleTime != "" {
		at, err := smpp.ParseTime(m.ScheduleTime, now)
		if err != nil || at.Before(now.Add(-smppLate)) {
			return smpp.ESME_RINVSCHED
		}
		s.SendAt = at
	}
	if m.Validity != "" {
		if status = smppValidity(s, m.Validity, now); status != smpp.ESME_ROK {
			return status
		}
	}
	if ref, ok := m.TLVs.U16(smpp.TagUserMessageReference); ok {
		s.Reference = strconv.Itoa(int(ref))
	}
	s.Receipts = smppReceiptsAsked(m.RegisteredDelivery)
	if s.Receipts != 0 {
		s.Target = message.Target{Kind: message.SMPPTarget, Account: a.Name}
	}
	return smpp.ESME_ROK
}

// smppLate is how far in the past a schedule_delivery_time may lie that means
// at once: clocks differ, and requests wait.
const smppLate = time.Minute

// smppValidity reads validity_period. A relative one counts from when the
// message is sent, as the gateway's does; an absolute one names the moment
// (SMPP 3.4 7.1.1).
func smppValidity(s *gateway.Submission, text string, now time.Time) smpp.Status {
	end, err := smpp.ParseTime(text, now)
	if err != nil {
		return smpp.ESME_RINVEXPIRY
	}
	start := now
	if s.SendAt.After(now) && !strings.HasSuffix(text, "R") {
		start = s.SendAt
	}
	if s.Validity = end.Sub(start); s.Validity <= 0 {
		return smpp.ESME_RINVEXPIRY
	}
	return smpp.ESME_ROK
}

// smppReceiptsAsked reads registered_delivery (SMPP 3.4 5.2.17).
func smppReceiptsAsked(registered uint8) message.Receipts {
	var r message.Receipts
	switch registered & smpp.ReceiptMask {
	case smpp.ReceiptFinal:
		r = message.ReceiptFinal
	case smpp.ReceiptFailure:
		r = message.ReceiptFailure
	case smpp.ReceiptSuccess:
		r = message.ReceiptSuccess
	}
	if registered&smpp.ReceiptIntermediate != 0 {
		r |= message.ReceiptIntermediate
	}
	return r
}

// smppPriority reads priority_flag: 0 is what everybody sends who has no
// opinion, so it means the account's own; 1 to 3 are normal, high and urgent
// (SMPP 3.4 5.2.14).
func smppPriority(flag uint8, a *account.Account) (message.Priority, smpp.Status) {
	switch flag {
	case 0:
		if a.Priority == "" {
			return message.Normal, smpp.ESME_ROK
		}
		p, _ := message.ParsePriority(a.Priority) // checked with the configuration
		return p, smpp.ESME_ROK
	case 1:
		return message.Normal, smpp.ESME_ROK
	case 2:
		return message.High, smpp.ESME_ROK
	case 3:
		return message.Urgent, smpp.ESME_ROK
	}
	return 0, smpp.ESME_RINVPRTFLG
}

// smppSender hands a source address over: as it is where its type of number
// says what it is, else as text for the gateway to read.
func smppSender(a smpp.Address) (string, message.Address) {
	switch {
	case a.Addr == "":
		return "", message.Address{}
	case a.TON == smpp.TONAlphanumeric:
		name := a.Addr
		if !utf8.ValidString(name) {
			name = gsm.DecodeLatin1([]byte(name))
		}
		if name = strings.TrimSpace(name); name == "" {
			return a.Addr, message.Address{} // refused, and not the account's own
		}
		return "", message.Address{TON: message.TONAlphanumeric, NPI: message.NPIUnknown, Number: name}
	case !utf8.ValidString(a.Addr):
		return gsm.DecodeLatin1([]byte(a.Addr)), message.Address{}
	}
	return smppNumber(a)
}

// smppRecipient hands a destination address over, likewise. A phone has no
// alphanumeric address.
func smppRecipient(a smpp.Address) (string, message.Address) { return smppNumber(a) }

// smppMostDigits is the length of a number that is taken as it is (ITU-T E.164 6.1).
const smppMostDigits = 15

func smppNumber(a smpp.Address) (string, message.Address) {
	if smppDigits(a.Addr) && len(a.Addr) <= smppMostDigits {
		switch a.TON {
		case smpp.TONInternational:
			if len(a.Addr) >= 7 && a.Addr[0] != '0' {
				return "", message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: a.Addr}
			}
		case smpp.TONNetwork, smpp.TONSubscriber, smpp.TONAbbreviated:
			return "", message.Address{TON: message.TON(a.TON), NPI: message.NPI(a.NPI), Number: a.Addr}
		}
	}
	return a.Addr, message.Address{}
}

func smppDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// smppContent reads the text of a submit_sm by its data_coding
// (SMPP 3.4 5.2.19), keeps the user data header and makes one of SAR
// parameters, so that parts which the customer cut stay parts.
func smppContent(m *smpp.ShortMessage, alphabet string) (message.Content, smpp.Status) {
	ud := m.Message()
	c := message.Content{Class: gsm.NoClass}
	part, header, shift := false, 0, gsm.Shift{}
	if m.ESMClass&smpp.ESMUDHI != 0 {
		h, rest, err := gsm.ParseHeader(ud)
		if err != nil {
			return c, smpp.ESME_RINVESMCLASS
		}
		if header = len(ud) - len(rest); header > 1 {
			c.Header = bytes.Clone(ud[:header])
		}
		_, part = h.Concat()
		ud, shift = rest, h.Shift()
	} else if sar, ok := smppSAR(m.TLVs); ok {
		c.Header = gsm.Header{Elements: []gsm.Element{sar.Element()}}.Append(nil)
		part = true
	}
	def, _ := gsm.ParseDefaultAlphabet(alphabet) // checked with the configuration
	coding, known := gsm.ParseSMPPDataCoding(m.DataCoding, def.Encoding())
	text, foreign := "", false
	if !known {
		text, foreign = gsm.DecodeCharset(m.DataCoding, ud)
	}
	if !known && !foreign && m.DataCoding != smppPictogram {
		return c, smpp.ESME_RINVDCS
	}
	if coding.Compressed {
		coding.Encoding = gsm.Binary // handed on as it is
	}
	c.Class = coding.Class
	if unit, ok := m.TLVs.U8(smpp.TagDestAddrSubunit); ok && unit == 1 && c.Class == gsm.NoClass {
		c.Class = gsm.ClassFlash // SMPP 3.4 5.3.2.1: the display
	}
	if def == gsm.DefaultPacked && coding.Encoding == gsm.GSM7 {
		ud = gsm.UnpackAll(ud, header)
	}
	switch {
	case foreign:
		c.Text, coding.Encoding = text, gsm.Auto
	case coding.Encoding == gsm.GSM7 && !shift.IsZero():
		c.Text, c.Want = gsm.DecodeShifted(ud, shift), gsm.GSM7
		if part && smppCutCharacter(gsm.GSM7, ud) {
			c.Data = bytes.Clone(ud) // what goes out
		}
		return c, smpp.ESME_ROK
	case m.DataCoding == 0 && alphabet != "" && def != gsm.DefaultUCS2 && def != gsm.DefaultPacked:
		c.Text = def.Decode(ud, header)
	case coding.Encoding == gsm.Binary:
		c.Data, c.Want = bytes.Clone(ud), gsm.Binary
	case coding.Encoding == gsm.UCS2:
		if len(ud)%2 != 0 {
			return c, smpp.ESME_RINVMSGLEN
		}
		c.Text, c.Want = gsm.DecodeUCS2(ud), gsm.UCS2
	case coding.Encoding == gsm.Latin1:
		if m.DataCoding == smppIA5 && smppControl(ud) {
			c.Text = smppDefaultText(ud)
		} else {
			c.Text = gsm.DecodeLatin1(ud)
		}
	default:
		c.Text = smppDefaultText(ud)
	}
	if part && c.Want == gsm.Auto {
		c.Want = smppPartEncoding(c.Text)
	}
	if part && smppCutCharacter(coding.Encoding, ud) {
		c.Want, c.Data = coding.Encoding, bytes.Clone(ud) // what goes out; the text is for people
	}
	return c, smpp.ESME_ROK
}

// smppCutCharacter tells whether a part that the customer cut begins or ends
// within a character, which its text alone would lose.
func smppCutCharacter(enc gsm.Encoding, ud []byte) bool {
	n := len(ud)
	switch {
	case n == 0:
		return false
	case enc == gsm.UCS2:
		return ud[0]&0xFC == 0xDC || ud[n-2]&0xFC == 0xD8 // a low surrogate first, a high one last
	case enc == gsm.GSM7:
		escapes := 0
		for escapes < n && ud[n-1-escapes] == gsm.Escape {
			escapes++
		}
		return escapes%2 == 1 && !slices.ContainsFunc(ud, func(b byte) bool { return b >= 0x80 })
	}
	return false
}

// smppPartEncoding keeps the parts of one long message alike where it can.
func smppPartEncoding(text string) gsm.Encoding {
	if gsm.IsGSM7(text) {
		return gsm.GSM7
	}
	return gsm.Auto
}

// smppIA5 is the data_coding of IA5, which is ASCII (SMPP 3.4 5.2.19).
const smppIA5 = 1

// smppControl tells whether there are control characters other than CR and LF.
// Text has none, but where the GSM alphabet is called ASCII, as some clients do
// unless told otherwise, they are @, $, _, escapes and accented letters.
func smppControl(ud []byte) bool {
	for _, b := range ud {
		if b < ' ' && b != '\r' && b != '\n' {
			return true
		}
	}
	return false
}

// smppDefaultText reads data_coding 0, the GSM alphabet, one septet an octet.
// Octets above 7F are no septets: who sends them means UTF-8 or ISO-8859-1.
func smppDefaultText(ud []byte) string {
	for _, b := range ud {
		if b < 0x80 {
			continue
		}
		if utf8.Valid(ud) {
			return string(ud)
		}
		return gsm.DecodeLatin1(ud)
	}
	return gsm.DecodeGSM7(ud)
}

// smppSAR reads the parameters that number the parts of a long message
// (SMPP 3.4 5.3.2.22 to 24). References are cut to 8 bits, for which the
// customer's parts have left room.
func smppSAR(tlvs smpp.TLVs) (gsm.Concat, bool) {
	ref, ok := tlvs.U16(smpp.TagSARMsgRefNum)
	if !ok {
		return gsm.Concat{}, false
	}
	total, _ := tlvs.U8(smpp.TagSARTotalSegments)
	number, _ := tlvs.U8(smpp.TagSARSegmentSeqnum)
	if total < 2 || number < 1 || number > total {
		return gsm.Concat{}, false
	}
	return gsm.Concat{Reference: ref & 0xFF, Total: total, Number: number}, true
}
