package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// kannelPage is the form of a page in which Kannel's administration answers.
type kannelPage uint8

const (
	kannelPlainPage kannelPage = iota
	kannelHTMLPage
	kannelXMLPage
)

// lineBreak ends a line of lists.
func (f kannelPage) lineBreak() string {
	if f == kannelHTMLPage {
		return "<br>\n"
	}
	return "\n"
}

// kannelMarkup are the characters that are markup in HTML and XML.
var kannelMarkup = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;")

// text is a text within the form.
func (f kannelPage) text(s string) string {
	if f == kannelPlainPage {
		return s
	}
	return kannelMarkup.Replace(s)
}

// whole puts around a reply what its form has around all, with its type.
func (f kannelPage) whole(reply string) (typed, page string) {
	switch f {
	case kannelHTMLPage:
		return "text/html", "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2//EN\">\n<html>\n<title>Kannel</title>\n<body>\n<p>" + reply + "</p>\n</body></html>\n"
	case kannelXMLPage:
		return "text/plain", "<?xml version=\"1.0\"?>\n<gateway>\n" + reply + "</gateway>\n" // text/plain as Kannel 1.4.5
	}
	return "text/plain", reply
}

// kannelBox is somebody who is connected, as Kannel's boxes are.
type kannelBox struct {
	kind, id, ip string
	queued       int
	since        time.Time
}

// mostBoxes bounds the sessions that the status lists.
const mostBoxes = 1000

// boxes are Kurir's own HTTP interface, which is a smsbox to Kannel's tools, and
// the sessions of SMPP customers.
func (k *kannelAdmin) boxes() []kannelBox {
	list := []kannelBox{{kind: "smsbox", id: "kurir", ip: "127.0.0.1", queued: int(k.s.Status.Store().Tables.Owed), since: k.s.Status.Began}}
	if k.s.Sessions.List == nil {
		return list
	}
	for _, s := range k.s.Sessions.List() {
		if len(list) == mostBoxes {
			break
		}
		ip := s.Peer
		if at, err := netip.ParseAddrPort(ip); err == nil {
			ip = at.Addr().String()
		}
		list = append(list, kannelBox{kind: "smppbox", id: s.Account, ip: ip, queued: s.Delivering, since: s.Since})
	}
	return list
}

// kannelUp is a time since as Kannel writes it.
func kannelUp(since, now time.Time) string {
	t := int64(max(now.Sub(since), 0) / time.Second)
	return fmt.Sprintf("%dd %dh %dm %ds", t/86400, t/3600%24, t/60%60, t%60)
}

func kannelLoads(l [3]float64) string { return fmt.Sprintf("%.2f,%.2f,%.2f", l[0], l[1], l[2]) }

// kannelLink is a link as Kannel shows an smsc.
type kannelLink struct {
	name, status            string
	failed, queued          int64
	counts                  kannelCounts
	smsIn, smsOut, dlr, own string // loads
}

// linkStatus is the word for the state of a link.
func linkStatus(l *gateway.LinkStats, now time.Time) string {
	switch l.State {
	case "up", "draining", "elsewhere":
		return fmt.Sprintf("online %ds", int64(max(now.Sub(l.Since), 0)/time.Second))
	case "stopped":
		return "dead"
	case "reconnecting", "down":
		return "re-connecting"
	}
	return "disconnected" // at a time when the operator works on his side
}

// kannelFigures are all that a status shows.
type kannelFigures struct {
	version, state, up     string
	all                    kannelCounts
	queued, open, owed     int64
	in, out, dlrIn, dlrOut string // loads
	boxes                  []kannelBox
	links                  []kannelLink
	now                    time.Time
}

func (k *kannelAdmin) figures() *kannelFigures {
	g, now := k.s.Status.Gateway(), time.Now()
	sample := kannelSampleOf(&g, now)
	in := func(c kannelCounts) int64 { return c.in }
	out := func(c kannelCounts) int64 { return c.out }
	dlr := func(c kannelCounts) int64 { return c.dlr }
	told := func(c kannelCounts) int64 { return c.told }
	load := func(link string, of func(kannelCounts) int64) string {
		return kannelLoads(k.s.KannelAdmin.Load.loads(&sample, link, of))
	}
	f := &kannelFigures{
		version: "Kannel bearerbox version `1.4.5'.\nKurir `" + k.s.Status.Version + "'.\n", state: k.state(), up: kannelUp(k.s.Status.Began, now),
		all: sample.links[""], open: int64(g.OpenInMemory), owed: k.s.Status.Store().Tables.Owed,
		in: load("", in), out: load("", out), dlrIn: load("", dlr), dlrOut: load("", told), boxes: k.boxes(), now: now,
	}
	for _, l := range k.s.Links.Stats() {
		f.queued += l.Queued
		f.links = append(f.links, kannelLink{
			name: l.Name, status: linkStatus(&l, now), failed: l.Failed, queued: l.Queued, counts: sample.links[l.Name],
			smsIn: load(l.Name, in), smsOut: load(l.Name, out), dlr: load(l.Name, dlr), own: kannelLoads([3]float64{}),
		})
	}
	return f
}

// status is the reply to the command status.
func (k *kannelAdmin) status(form kannelPage) string {
	f := k.figures()
	if form == kannelXMLPage {
		return f.xml()
	}
	var out strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&out, format, a...) }
	open, end, br := "", "", "\n"
	version := f.version
	if form == kannelHTMLPage {
		open, end, br, version = " <p>", "</p>", "<br>\n ", form.text(f.version)
	}
	p("%s%s\n\n%sStatus: %s, uptime %s%s\n\n", version, end, open, f.state, f.up, end)
	p("%sWDP: received 0 (0 queued), sent 0 (0 queued)%s\n\n", open, end)
	p("%sSMS: received %d (%d queued), sent %d (%d queued), store size %d%s", open, f.all.in, f.owed, f.all.out, f.queued, f.open, br)
	p("SMS: inbound (%s) msg/sec, outbound (%s) msg/sec%s\n\n", f.in, f.out, end)
	p("%sDLR: received %d, sent %d%s", open, f.all.dlr, f.all.told, br)
	p("DLR: inbound (%s) msg/sec, outbound (%s) msg/sec%s", f.dlrIn, f.dlrOut, br)
	p("DLR: %d queued, using internal storage%s\n\n", max(f.open-f.queued, 0), end)
	lead, bold, unbold, space := "    ", "", "", "    "
	if form == kannelHTMLPage {
		lead, bold, unbold, space, open = "&nbsp;&nbsp;&nbsp;&nbsp;", "<b>", "</b>", "&nbsp;&nbsp;&nbsp;&nbsp;", "<p>"
	}
	p("%sBox connections:%s", open, form.lineBreak())
	for _, b := range f.boxes {
		p("%s%s:%s, IP %s (%d queued), (on-line %s)  %s", lead, b.kind, form.text(b.id), b.ip, b.queued, kannelUp(b.since, f.now), form.lineBreak())
	}
	p("%s\n\n%sSMSC connections:%s", end, open, form.lineBreak())
	for _, l := range f.links {
		p("%s%s%s%s[%s]%sSMPP:%[4]s (%[7]s, rcvd: sms %[8]d (%[9]s) / dlr %[10]d (%[11]s), sent: sms %[12]d (%[13]s) / dlr 0 (%[14]s), failed %[15]d, queued %[16]d msgs)%[17]s",
			lead, bold, form.text(l.name), unbold, form.text(l.name), space, l.status, l.counts.in, l.smsIn, l.counts.dlr, l.dlr,
			l.counts.out, l.smsOut, l.own, l.failed, l.queued, form.lineBreak())
	}
	p("%s\n\n", end)
	if form == kannelHTMLPage {
		p("<p>")
	}
	return out.String()
}

// xml is the status in the shape that monitoring tools read.
func (f *kannelFigures) xml() string {
	var out strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&out, format, a...) }
	p("<version>%s</version>\n<status>%s, uptime %s</status>\n", kannelMarkup.Replace(f.version), f.state, f.up)
	p("\t<wdp>\n\t\t<received><total>0</total><queued>0</queued></received>\n\t\t<sent><total>0</total><queued>0</queued></sent>\n\t</wdp>\n")
	p("\t<sms>\n\t\t<received><total>%d</total><queued>%d</queued></received>\n", f.all.in, f.owed)
	p("\t\t<sent><total>%d</total><queued>%d</queued></sent>\n\t\t<storesize>%d</storesize>\n", f.all.out, f.queued, f.open)
	p("\t\t<inbound>%s</inbound>\n\t\t<outbound>%s</outbound>\n\t\t</sms>\n", f.in, f.out)
	p("\t<dlr>\n\t\t<received><total>%d</total></received>\n\t\t<sent><total>%d</total></sent>\n", f.all.dlr, f.all.told)
	p("\t\t<inbound>%s</inbound>\n\t\t<outbound>%s</outbound>\n", f.dlrIn, f.dlrOut)
	p("\t\t<queued>%d</queued>\n\t\t<storage>internal</storage>\n\t</dlr>\n<boxes>\n\t", max(f.open-f.queued, 0))
	for _, b := range f.boxes {
		p("<box>\n\t\t<type>%s</type>\n\t\t<id>%s</id>\n\t\t<IP>%s</IP>\n\t\t<queue>%d</queue>\n", b.kind, xmlText(b.id), xmlText(b.ip), b.queued)
		p("\t\t<status>on-line %s</status>\n\t\t<ssl>no</ssl>\n\t</box>\n", kannelUp(b.since, f.now))
	}
	p("</boxes>\n<smscs><count>%d</count>\n\t", len(f.links))
	for _, l := range f.links {
		name := xmlText(l.name)
		p("<smsc>\n\t\t<name>SMPP:%s</name>\n\t\t<admin-id>%s</admin-id>\n\t\t<id>%s</id>\n", name, name, name)
		p("\t\t<status>%s</status>\n\t\t<failed>%d</failed>\n\t\t<queued>%d</queued>\n", l.status, l.failed, l.queued)
		p("\t\t<sms>\n\t\t\t<received>%d</received>\n\t\t\t<sent>%d</sent>\n", l.counts.in, l.counts.out)
		p("\t\t\t<inbound>%s</inbound>\n\t\t\t<outbound>%s</outbound>\n\t\t</sms>\n", l.smsIn, l.smsOut)
		p("\t\t<dlr>\n\t\t\t<received>%d</received>\n\t\t\t<sent>0</sent>\n", l.counts.dlr)
		p("\t\t\t<inbound>%s</inbound>\n\t\t\t<outbound>%s</outbound>\n\t\t</dlr>\n\t</smsc>\n", l.dlr, l.own)
	}
	p("</smscs>\n")
	return out.String()
}

// kannelStored is how many messages store-status shows at most.
const kannelStored = 1000

// storeStatus is the reply to the command store-status: messages that wait to be
// sent, the newest first. Their texts are shown to nobody but their customers.
func (k *kannelAdmin) storeStatus(r *http.Request, form kannelPage) string {
	ctx, cancel := lasting(r.Context(), k.s.Timeout)
	defer cancel()
	list, _, err := k.s.Messages(ctx, gateway.Filter{
		States: []message.State{message.Scheduled, message.Queued, message.Sending}, Limit: kannelStored,
	})
	if err != nil {
		return "Could not read the store" + form.lineBreak()
	}
	var out strings.Builder
	cells := []string{"SMS ID", "Type", "Time", "Sender", "Receiver", "SMSC ID", "BOX ID", "Flags", "UDH", "Message"}
	row := func(cells []string) {
		if form == kannelHTMLPage {
			out.WriteString("<tr><td>" + strings.Join(cells, "</td><td>") + "</td></tr>\n")
			return
		}
		out.WriteString("[" + strings.Join(cells, "] [") + "]\n")
	}
	if form == kannelHTMLPage {
		out.WriteString("<table border=1>\n")
	}
	if form != kannelXMLPage {
		row(cells)
	}
	for _, m := range list {
		c := &m.Content
		flags := fmt.Sprintf("%d:%s:%d:-1:%d", c.Class, kannelCoding(m.Encoding), kannelWaits(kannelDCS(c, m.Encoding)), m.Target.Mask)
		link := ""
		if len(m.Links) > 0 {
			link = m.Links[0]
		}
		cells := []string{
			m.ID.String(), "MT", m.ID.Time().UTC().Format(time.DateTime), m.From.String(), m.To.String(), link, m.Account, flags,
			url.QueryEscape(string(c.Header)), "",
		}
		for i := range cells {
			cells[i] = form.text(cells[i])
		}
		if form != kannelXMLPage {
			row(cells)
			continue
		}
		out.WriteString("\t<message>\n")
		for i, name := range []string{"id", "type", "time", "sender", "receiver", "smsc-id", "box-id", "flags", "udh-data", "msg-data"} {
			out.WriteString("\t<" + name + ">" + cells[i] + "</" + name + ">\n")
		}
		out.WriteString("\t</message>\n")
	}
	if form == kannelHTMLPage {
		out.WriteString("</table>")
	}
	return out.String()
}
