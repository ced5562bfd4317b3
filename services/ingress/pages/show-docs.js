// Starts Swagger UI. A file of its own, because the page allows no inline script.
window.SwaggerUIBundle({
  url: document.currentScript.dataset.document,
  dom_id: '#page',
  deepLinking: true,
  // A validator of another host would get the document.
  validatorUrl: null,
  tryItOutEnabled: true,
  persistAuthorization: false,
});
