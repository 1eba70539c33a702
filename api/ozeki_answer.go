package api

import (
	"bytes"
	"encoding/xml"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ozekiRow is one element of an answer.
type ozekiRow struct {
	name   string
	fields []ozekiField
}

type ozekiField struct{ name, value string }

// ozekiOld are the names of Message Server 6, where they are others.
var ozekiOld = map[string]string{
	"acceptreport": "AcceptReport", "statuscode": "StatusCode", "statusmessage": "StatusText", "messageid": "MessageID",
	"account": "Account", "username": "UserName", "balance": "Balance", "recipient": "Recipient",
	"messagetype": "MessageType", "messagedata": "MessageData", "senttime": "SentTime", "receivedtime": "ReceivedTime", "deletereport": "DeleteReport",
}

// write answers, in the form that responseformat asks for. The error is that the
// client has gone, who then needs no answer.
func (f ozekiRequest) write(w http.ResponseWriter, bad *ozekiError, rows ...ozekiRow) error {
	status := http.StatusOK
	if bad != nil {
		status = bad.status
		rows = []ozekiRow{{"", []ozekiField{{"errorcode", strconv.Itoa(bad.status)}, {"errormessage", bad.text}}}}
		if f.old {
			rows = []ozekiRow{{"acceptreport", []ozekiField{{"statuscode", strconv.Itoa(bad.status)}, {"statusmessage", bad.text}}}}
		}
	}
	media, body := "application/xml", ""
	switch strings.ToLower(f.get("responseformat")) {
	case "html":
		media, body = "text/html; charset=utf-8", f.html(rows)
	case "urlencoded":
		media, body = "application/x-www-form-urlencoded", f.urlencoded(rows)
	default:
		body = f.xml(rows)
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-cache, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Ozeki"`)
	}
	if after := retryAfter(status); after > 0 {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	w.WriteHeader(status)
	_, err := w.Write([]byte(body))
	return err
}

// xml writes rows as Ozeki NG does, or as Message Server 6.
func (f ozekiRequest) xml(rows []ozekiRow) string {
	var b bytes.Buffer
	tag := func(name string) string { return name }
	if f.old {
		tag = func(name string) string {
			if old := ozekiOld[name]; old != "" {
				return old
			}
			return strings.ToUpper(name[:1]) + name[1:]
		}
	} else {
		dtd := "smsapi"
		if f.action() == "receivemessage" {
			dtd = "response"
		}
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
			`<!DOCTYPE ` + dtd + ` PUBLIC "-//OZEKI//DTD XML 1.0//EN" "http://www.ozekisms.com/DTD/` + dtd + `.xml">` + "\n")
	}
	element := func(indent, name, value string) {
		b.WriteString(indent + "<" + tag(name) + ">")
		_ = xml.EscapeText(&b, []byte(value)) // into memory
		b.WriteString("</" + tag(name) + ">\n")
	}
	action := f.action()
	if f.old {
		action = f.get("action")
	}
	b.WriteString("<" + tag("response") + ">\n")
	element("   ", "action", clip(action))
	b.WriteString("   <" + tag("data") + ">\n")
	for _, row := range rows {
		indent := "      "
		if row.name != "" {
			b.WriteString(indent + "<" + tag(row.name) + ">\n")
			indent += "   "
		}
		for _, field := range row.fields {
			value := field.value
			if f.old && value == ozekiAccepted {
				value = ""
			}
			element(indent, field.name, value)
		}
		if row.name != "" {
			b.WriteString("      </" + tag(row.name) + ">\n")
		}
	}
	b.WriteString("   </" + tag("data") + ">\n</" + tag("response") + ">\n")
	return b.String()
}

// urlencoded writes a line for each row.
func (f ozekiRequest) urlencoded(rows []ozekiRow) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString("action=" + url.QueryEscape(clip(f.action())))
		for _, field := range row.fields {
			b.WriteString("&" + field.name + "=" + url.QueryEscape(field.value))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// ozekiLabels are what fields are called on a page for people.
var ozekiLabels = map[string]string{
	"statuscode": "Status code", "statusmessage": "Status message", "messageid": "Message ID", "recipient": "Recipient",
	"username": "Username", "balance": "Balance", "errorcode": "Error code", "errormessage": "Error message",
	"originator": "Originator", "messagetype": "Message type", "messagedata": "Message data", "senttime": "Sent time", "receivedtime": "Received time",
}

// html writes a page for people; continueurl is where its link leads.
func (f ozekiRequest) html(rows []ozekiRow) string {
	var b strings.Builder
	b.WriteString("<HTML>\n<HEAD>\n   <TITLE>SMS</TITLE>\n</HEAD>\n<BODY>\n\n")
	for _, row := range rows {
		for _, field := range row.fields {
			b.WriteString(ozekiLabels[field.name] + ": " + html.EscapeString(field.value) + "<br>\n")
		}
		b.WriteString("<br>\n")
	}
	if next := f.get("continueurl"); strings.HasPrefix(next, "http://") || strings.HasPrefix(next, "https://") {
		b.WriteString("<a href='" + html.EscapeString(next) + "'>Click here to continue</a>\n\n")
	}
	b.WriteString("</BODY>\n</HTML>\n")
	return b.String()
}
