// Shows /openapi.json. Keys that are typed in stay in this page: they are not kept.
SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null, // nothing is asked of others
  persistAuthorization: false,
  defaultModelsExpandDepth: -1,
  tagsSorter: "alpha",
});
