// Starts Redoc. Its styles are made at run time; the page allows those that have its nonce.
window.Redoc.init(
  document.currentScript.dataset.document,
  {
    nonce: document.currentScript.nonce,
    disableSearch: true,
    hideDownloadButton: false,
    theme: { typography: { fontFamily: 'sans-serif', headings: { fontFamily: 'sans-serif' } } },
  },
  document.getElementById('page'),
);
