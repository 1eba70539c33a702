package web

// pagesOfPeople are those by which people get in, beside name and password, and those of who manages users.
func pagesOfPeople() []page {
	return []page{
		{pattern: "GET /signin/code", open: true, serve: (*visit).codePage},
		{pattern: "POST /signin/code", open: true, serve: (*visit).signInByCode},
		{pattern: "GET /forgot", open: true, serve: (*visit).forgotPage},
		{pattern: "POST /forgot", open: true, serve: (*visit).forgot},
		{pattern: "GET /password", open: true, serve: (*visit).linkPage},
		{pattern: "POST /password", open: true, serve: (*visit).takeLink},
		{pattern: "GET /second", open: true, serve: (*visit).secondPage},
		{pattern: "POST /second", open: true, serve: (*visit).setUpSecond},
		{pattern: "POST /second/change", serve: (*visit).changeSecond},
	}
}
