package simulator

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"kurir/smpp"
	"kurir/ucp"
)

// Options say what a simulator is. The zero value, without addresses, serves connections given to ServeConn.
type Options struct {
	SMPP  string   // address to listen on for ESMEs, such as 127.0.0.1:2776, or with TLS tls://127.0.0.1:3550; empty: none
	Hosts []string // further ones
	UCP   string   // address to listen on for applications on UCP, with TLS likewise; empty: none
	CIMD2 string   // likewise on CIMD2
	HTTP  string   // address of the page and the API; empty: none, mount Handler elsewhere

	// Cert and Key are PEM files of the certificate shown by hosts with TLS; empty: one is made, see Certificate. With
	// ClientCA only clients whose certificate one of those in this file has signed are let in.
	Cert, Key, ClientCA string
	// Version is the highest version of SMPP spoken; 0 means 5.0. The ESME's is taken if it is lower.
	Version smpp.Version
	// HideVersion leaves sc_interface_version out of the answer to a bind, as many SMSCs do.
	HideVersion bool
	// IDsPerHost lets every host number its messages for itself, beginning with the same number, and keep what is for
	// an account: receipts come from the host that took the message.
	IDsPerHost bool
	// Lists are the distribution lists of submit_multi: numbers by name.
	Lists map[string][]string

	// SystemID and Password are the one account that may bind. Both empty: every one may.
	SystemID, Password string
	// ReceiptTLVs are what receipts have beyond their own optional parameters, as an operator's own.
	ReceiptTLVs smpp.TLVs

	// UCPKnown lets everyone in on UCP without a log-in, as an account named by the address.
	UCPKnown bool
	// UCPAlphabet is what the octets of texts mean on UCP.
	UCPAlphabet ucp.Alphabet
	// Zone is where the SMSC stands: the times of UCP and CIMD2 are local. nil: UTC.
	Zone *time.Location

	Behaviour Behaviour
	// Phones is the number of virtual phones kept, the least recently used give way; 0 means 200, negative none.
	Phones int
	// Unseen is how numbers begin, without +, that work but have no phone on the page; empty for none.
	Unseen string
	// Keep is how many octets of received messages stay readable; 0 means 64 MiB, negative none.
	Keep int
	// References switches the counting of unique references on.
	References References
	// Stamps reads the time of sending in texts that have one, and counts how long messages took to here: see Taken.
	Stamps bool
	// Stored is the number of messages that may wait for phones; 0 means 100,000. Beyond it ESME_RMSGQFUL.
	Stored int
	// Owed is how many octets of answers and receipts may wait to be sent; 0 means 1 GiB. Beyond it ESME_RMSGQFUL.
	Owed int
	// Window is the number of deliver_sm without an answer per session; 0 means 512.
	Window int
	// AnswerTime is after which a deliver_sm without an answer is sent again; 0 means 60 s.
	AnswerTime time.Duration
	// Sessions is the number of connections at a time; 0 means 1,000.
	Sessions int
	Seed     uint64 // of the percentages of Behaviour; 0: different each time
	FirstID  uint64 // message id of the first message; 0: by the clock, so that a later run uses others

	// SendURL is an address on the origin of the page, such as ../v1/messages, to which it posts {"to","text"} as JSON
	// to send a text through the gateway; empty: the page offers nothing of that kind.
	SendURL string
	// SendKey is sent to SendURL and LinksURL as a Bearer token. Everyone who sees the page sees it.
	SendKey string
	// LinksURL is where the gateway tells of its links, such as ../v1/links: the page shows those of Links first, in their
	// order, and stops and starts them there. Empty: it shows none.
	LinksURL string
	Links    []Link
	Log      *slog.Logger // nil: nothing is logged
}

// Link is a link of the gateway that the page shows.
type Link struct {
	Name string `json:"name"`
	Over string `json:"over"` // what texts on the phones have that came by it: SMPP, UCP, CIMD2 or GSM modem
}

// defaults fills what is zero.
func (o *Options) defaults() {
	or := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	or(&o.Phones, 200)
	or(&o.Keep, 64<<20)
	or(&o.Stored, 100_000)
	or(&o.Owed, 1<<30)
	or(&o.Window, 512)
	or(&o.Sessions, 1000)
	if o.AnswerTime == 0 {
		o.AnswerTime = time.Minute
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.Version == 0 {
		o.Version = smpp.Version50
	}
	o.Version = o.Version.Normal()
	if o.FirstID == 0 && !o.Version.TLVs() {
		o.FirstID = uint64(time.Now().Unix()&0xFFF) << 20 // 3.3 knows 8 hexadecimal digits
	}
	if o.FirstID == 0 {
		o.FirstID = uint64(time.Now().Unix()&0xFFFFFFF) << 22 // at most 15 digits: 50 bits
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Behaviour.defaults()
}
