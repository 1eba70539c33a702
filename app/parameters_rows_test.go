package app_test

import (
	"bytes"
	"time"

	"kurir/simulator"
)

// What parameters do, by dialect (docs/compatibility.md, docs/kannel.md).

type operatorGets = func(m *simulator.Message) bool

func gotText(text string) operatorGets {
	return func(m *simulator.Message) bool { return m.Text == text }
}

func gotFrom(addr string) operatorGets {
	return func(m *simulator.Message) bool { return m.From.Addr == addr }
}

func gotCoding(dcs uint8) operatorGets {
	return func(m *simulator.Message) bool { return m.DataCoding == dcs }
}

func gotPriority(flag uint8) operatorGets {
	return func(m *simulator.Message) bool { return m.Priority == flag }
}

func gotReceipts(registered uint8) operatorGets {
	return func(m *simulator.Message) bool { return m.RegisteredDelivery == registered }
}

// gotHalfHour is a validity_period of thirty minutes from now, less what the test took.
func gotHalfHour(m *simulator.Message) bool {
	return m.Validity > "000000002900000R" && m.Validity <= "000000003001000R"
}

func anything(*simulator.Message) bool { return true }

// gotOctets is a text of octets under a data_coding.
func gotOctets(dcs uint8, octets string) operatorGets {
	return func(m *simulator.Message) bool { return m.DataCoding == dcs && string(m.Octets) == octets }
}

// gotTLV is the one parameter 0x1400.
func gotTLV(value string) operatorGets {
	return func(m *simulator.Message) bool {
		return len(m.TLVs) == 1 && m.TLVs[0].Tag == 0x1400 && bytes.Equal(m.TLVs[0].Value, []byte(value))
	}
}

func shows(field string, want any) func(v map[string]any) bool {
	return func(v map[string]any) bool { return v[field] == want }
}

// scheduled is a message that waits for a time, of which it has a number of minutes left, and then as many of validity.
func scheduled(in, valid time.Duration) func(v map[string]any) bool {
	near := func(text any, want time.Time) bool {
		at, err := time.Parse(time.RFC3339, text.(string))
		return err == nil && at.Sub(want).Abs() < time.Minute
	}
	return func(v map[string]any) bool {
		at := time.Now().Add(in)
		return v["state"] == "scheduled" && near(v["send_at"], at) && (valid == 0 || near(v["expires"], at.Add(valid)))
	}
}

const udhPort = "%06%05%04%0b%84%23%f0"

var kannelParameters = []parameter{
	{name: "from, text", query: "from=Shop&text=h%C3%A5", holds: func(m *simulator.Message) bool {
		return m.From == simulator.Address{TON: 5, Addr: "Shop"} && m.Text == "hå" && m.DataCoding == 0 && m.RegisteredDelivery == 0 && m.Priority == 0
	}},
	{name: "from a number", query: "from=%2B46701111111&text=x", holds: func(m *simulator.Message) bool {
		return m.From == simulator.Address{TON: 1, NPI: 1, Addr: "46701111111"} && m.To[0].TON == 1 && m.To[0].NPI == 1
	}},
	{name: "other names", query: "user=acme&pass=secret&to=%2BTO&text=x", holds: gotFrom("Acme")},
	{name: "charset", query: "text=%E5&charset=ISO-8859-1", holds: gotText("å")},
	{name: "coding 0", query: "text=x&coding=0", holds: gotOctets(0, "x")},
	{name: "coding 1", query: "text=%00%FF&coding=1", holds: gotOctets(4, "\x00\xff")},
	{name: "coding 2", query: "text=%04%16&coding=2", holds: func(m *simulator.Message) bool { return m.DataCoding == 8 && m.Text == "Ж" }},
	{name: "udh", query: "text=%01&udh=" + udhPort, holds: func(m *simulator.Message) bool {
		return m.ESMClass == 0x40 && m.DataCoding == 4 && bytes.Equal(m.Octets, []byte("\x06\x05\x04\x0b\x84\x23\xf0\x01"))
	}},
	{name: "udh of octets", query: "text=%01&coding=1&udh=" + udhPort, holds: gotOctets(4, "\x06\x05\x04\x0b\x84\x23\xf0\x01")},
	{name: "smsc", query: "text=x&smsc=Second", second: true, holds: anything},
	{name: "smsc of nobody", query: "text=x&smsc=Third", holds: anything},
	{name: "mclass", query: "text=x&mclass=2", holds: gotCoding(0xF2)},
	{name: "mclass of octets", query: "text=x&coding=1&mclass=1", holds: gotCoding(0xF5)},
	{name: "flash", query: "text=x&flash=1", holds: func(m *simulator.Message) bool { return m.DataCoding == 0xF0 && m.Flash }},
	{name: "mwi 0", query: "text=x&mwi=0", holds: gotCoding(0xD8)},
	{name: "mwi 2 without a text", query: "text=&mwi=2", holds: gotCoding(0xCA)},
	{name: "mwi 1 in UCS-2", query: "text=%04%16&coding=2&mwi=1", holds: gotCoding(0xE9)},
	{name: "mwi 7", query: "text=x&mwi=7", holds: gotCoding(0xC3)},
	{name: "alt-dcs", query: "text=x&alt-dcs=1", holds: gotCoding(0xF1)},
	{name: "alt-dcs of octets", query: "text=x&coding=1&alt-dcs=1", holds: gotCoding(0xF5)},
	{name: "alt-dcs 0", query: "text=x&alt-dcs=0", holds: gotCoding(0)},
	{name: "compress of octets", query: "text=x&coding=1&compress=1", holds: gotCoding(0x24)},
	{name: "compress of a text", query: "text=x&compress=1", holds: gotOctets(0, "x")},
	{name: "validity", query: "text=x&validity=30", holds: gotHalfHour},
	{name: "deferred", query: "text=x&deferred=10&validity=30", view: scheduled(10*time.Minute, 20*time.Minute)},
	{name: "priority 0", query: "text=x&priority=0", holds: gotPriority(0), view: shows("priority", "bulk")},
	{name: "priority 2", query: "text=x&priority=2", holds: gotPriority(1)},
	{name: "priority 3", query: "text=x&priority=3", holds: gotPriority(2)},
	{name: "dlr-mask", query: "text=x&dlr-mask=3", holds: gotReceipts(1), called: "GET /account"},
	{name: "dlr-url", query: "text=x&dlr-mask=3&dlr-url=HOOK/kannel", holds: gotReceipts(1), called: "GET /kannel"},
	{name: "old names", query: "text=x&dlrmask=3&dlrurl=HOOK/old", holds: gotReceipts(1), called: "GET /old"},
	{name: "dlr-mask with 4", query: "text=x&dlr-mask=7", holds: gotReceipts(0x11)},
	{name: "account", query: "text=x&account=bill-7", view: shows("reference", "bill-7")},
	{name: "pid", query: "text=x&pid=65", holds: func(m *simulator.Message) bool { return m.ProtocolID == 65 }},
	{name: "rpi 1", query: "text=x&rpi=1", holds: func(m *simulator.Message) bool { return m.ESMClass == 0x80 }},
	{name: "rpi 2", query: "text=x&rpi=2", holds: func(m *simulator.Message) bool { return m.ESMClass == 0 }},
	{name: "binfo", query: "text=x&binfo=WAPPUSH", holds: func(m *simulator.Message) bool { return m.ServiceType == "WAPPU" }},
	{name: "meta-data", query: "text=x&meta-data=%3Fsmpp%3F0x1400%3Dhex:0102", holds: gotTLV("\x01\x02")},
}

var jasminParameters = []parameter{
	{name: "from, content", query: "from=Shop&content=h%C3%A5", holds: func(m *simulator.Message) bool {
		return m.From.Addr == "Shop" && m.Text == "hå" && m.DataCoding == 0 && m.RegisteredDelivery == 0
	}},
	{name: "the account's sender", query: "content=x", holds: gotFrom("Acme")},
	{name: "coding 0", query: "content=%E2%82%AC&coding=0", holds: func(m *simulator.Message) bool { return m.DataCoding == 0 && m.Text == "€" }},
	{name: "coding 3", query: "content=%E5&coding=3", holds: gotText("å")},
	{name: "coding 4", query: "content=%00%FF&coding=4", holds: gotOctets(4, "\x00\xff")},
	{name: "coding 6", query: "content=%B6&coding=6", holds: gotText("Ж")},
	{name: "coding 7", query: "content=%E0&coding=7", holds: gotText("א")},
	{name: "coding 8", query: "hex-content=0416&coding=8", holds: gotOctets(8, "\x04\x16")},
	{name: "coding 9", query: "hex-content=0102&coding=9", holds: gotOctets(9, "\x01\x02")},
	{name: "coding 11", query: "content=x&coding=11", answer: `400 Error "Argument [coding] has an invalid value: [11]."`},
	{name: "priority 0", query: "content=x&priority=0", view: shows("priority", "bulk"), holds: gotPriority(0)},
	{name: "priority 2", query: "content=x&priority=2", holds: gotPriority(1)},
	{name: "priority 3", query: "content=x&priority=3", holds: gotPriority(2)},
	{name: "sdt", query: "content=x&sdt=000000001000000R&validity-period=30", view: scheduled(10*time.Minute, 20*time.Minute)},
	{name: "validity-period", query: "content=x&validity-period=30", holds: gotHalfHour},
	{name: "dlr without an address", query: "content=x&dlr=yes", holds: gotReceipts(0)},
	{name: "dlr-url", query: "content=x&dlr-url=HOOK/j1", called: "POST /j1"},
	{name: "dlr-level", query: "content=x&dlr=yes&dlr-level=2&dlr-url=HOOK/j2", holds: gotReceipts(1), called: "POST /j2"},
	{name: "dlr-level 3", query: "content=x&dlr=no&dlr-level=3&dlr-url=HOOK/j3", holds: gotReceipts(0x11), called: "POST /j3"},
	{name: "dlr-method", query: "content=x&dlr-method=get&dlr-url=HOOK/j4", called: "GET /j4"},
	{name: "tags", query: "content=x&tags=news,other", view: shows("tag", "news")},
	{name: "custom_tlvs", query: "content=x&custom_tlvs=%5B%5B5120%2Cnull%2C%22Int2%22%2C5%5D%5D", holds: gotTLV("\x00\x05")},
	{name: "an unknown one", query: "content=x&smsc=op2", answer: `400 Error "Argument [smsc] is unknown."`},
}

var ozekiParameters = []parameter{
	{name: "messagedata", query: "messagedata=h%C3%A5", holds: func(m *simulator.Message) bool { return m.Text == "hå" && m.From.Addr == "Acme" }},
	{name: "messagedata in ISO-8859-1", query: "messagedata=%E5", holds: gotText("å")},
	{name: "charset", query: "messagedata=%BB&charset=ISO-8859-5", holds: gotText("Л")},
	{name: "_charset_", query: "messagedata=%BB&_charset_=ISO-8859-5", holds: gotText("Л")},
	{name: "old names", query: "action=sendMessage&ozmsUserInfo=acme:secret&recepient=%2BTO&messagedata=x", answer: "200 <Response>", holds: anything},
	{name: "login", query: "action=sendmessage&login=acme&password=secret&recipient=%2BTO&messagedata=x", holds: anything},
	{name: "messagetype", query: "messagedata=x&messagetype=SMS:TEXT", holds: gotCoding(0)},
	{name: "of UCS-2", query: "messagedata=x&messagetype=SMS:TEXT:UCS2", holds: gotOctets(8, "\x00x")},
	{name: "of GSM and a class", query: "messagedata=x&messagetype=SMS:TEXT:GSM7BIT:CLASS2", holds: gotCoding(0xF2)},
	{name: "flash", query: "messagedata=x&messagetype=SMS:TEXT:CLASS0", holds: func(m *simulator.Message) bool { return m.Flash }},
	{name: "of WAP", query: "messagedata=x&messagetype=SMS:WAPPUSH", answer: "400 <?xml"},
	{name: "originator", query: "messagedata=x&originator=Shop", holds: gotFrom("Shop")},
	{name: "vp", query: "messagedata=x&vp=TOMORROW", holds: func(m *simulator.Message) bool {
		return m.Validity > "000000233000000R" && m.Validity <= "000001000001000R"
	}},
	{name: "sendondate", query: "messagedata=x&sendondate=TOMORROW", view: scheduled(24*time.Hour, 0)},
	{name: "responseformat", query: "messagedata=x&responseformat=urlencoded", answer: "200 action=sendmessage&statuscode=0&", holds: anything},
	{name: "continueurl", query: "messagedata=x&responseformat=html&continueurl=http://example.com/next", answer: "200 <", holds: anything},
}

var plainParameters = []parameter{
	{name: "text", query: "text=h%C3%A5", holds: func(m *simulator.Message) bool {
		return m.Text == "hå" && m.From.Addr == "Acme" && m.RegisteredDelivery == 1 && m.Priority == 0
	}},
	{name: "text in ISO-8859-1", query: "text=%E5", holds: gotText("å")},
	{name: "charset", query: "text=%BB&charset=ISO-8859-5", holds: gotText("Л")},
	{name: "other names", query: "username=acme&pass=secret&number=%2BTO&message=x&sender=Shop", holds: func(m *simulator.Message) bool { return m.Text == "x" && m.From.Addr == "Shop" }},
	{name: "to", query: "user=acme&password=secret&to=%2BTO&text=x", holds: anything},
	{name: "from", query: "text=x&from=Shop", holds: gotFrom("Shop")},
	{name: "flash", query: "text=x&flash=1", holds: func(m *simulator.Message) bool { return m.Flash && m.DataCoding == 0xF0 }},
	{name: "priority", query: "text=x&priority=urgent", holds: gotPriority(2)},
	{name: "reference", query: "text=x&reference=bill-7", view: shows("reference", "bill-7")},
}

var twilioParameters = []parameter{
	{name: "From, Body", query: "From=%2B46701111111&Body=h%C3%A5", holds: func(m *simulator.Message) bool {
		return m.From == simulator.Address{TON: 1, NPI: 1, Addr: "46701111111"} && m.Text == "hå"
	}},
	{name: "the account's sender", query: "Body=x", holds: gotFrom("Acme")},
	{name: "MessagingServiceSid", query: "Body=x&MessagingServiceSid=MG0123456789abcdef0123456789abcdef", view: shows("tag", "MG0123456789abcdef0123456789abcdef")},
	{name: "StatusCallback", query: "Body=x&StatusCallback=HOOK/twilio", holds: gotReceipts(0x11), called: "POST /twilio"},
	{name: "ValidityPeriod", query: "Body=x&ValidityPeriod=1800", holds: gotHalfHour},
	{name: "SendAt", query: "Body=x&ScheduleType=fixed&SendAt=TOMORROW", view: scheduled(24*time.Hour, 0)},
	{name: "ScheduleType", query: "Body=x&ScheduleType=other", answer: `400 {"code":20001`},
	{name: "SmartEncoded", query: "Body=%E2%80%9Cx%E2%80%9D&SmartEncoded=true", holds: func(m *simulator.Message) bool { return m.Text == `"x"` && m.DataCoding == 0 }},
	{name: "ContentRetention", query: "Body=x&ContentRetention=discard", view: shows("secret", true)},
	{name: "MediaUrl", query: "Body=x&MediaUrl=https://example.com/a.png", answer: `400 {"code":21620`},
	{name: "SendAsMms", query: "Body=x&SendAsMms=true", answer: `400 {"code":21620`},
	{name: "ContentSid", query: "Body=x&ContentSid=HX1", answer: `400 {"code":20001`},
	{name: "those without effect", query: "Body=x&ApplicationSid=AP1&MaxPrice=0.1&ProvideFeedback=true&Attempt=1&ForceDelivery=true&AddressRetention=obfuscate" +
		"&PersistentAction=a&ShortenUrls=true&RiskCheck=enable&ContentVariables=%7B%7D", holds: func(m *simulator.Message) bool { return m.Text == "x" && m.From.Addr == "Acme" && m.DataCoding == 0 }},
}
