/* Browsers give pages from a folder (file://) neither workers nor requests: search without both. */
(function () {
  if (window.location.protocol !== "file:") return;
  function load(path, then) {
    var script = document.createElement("script");
    script.src = base_url.replace(/\/?$/, "/") + "search/" + path;
    script.onload = then;
    document.head.appendChild(script);
  }
  window.Worker = function () {
    var self = this, index, documents = {};
    function tell(data) { self.onmessage({ data: data }); }
    function build() {
      index = lunr(function () {
        this.field("title");
        this.field("text");
        this.ref("location");
        window.searchIndex.docs.forEach(function (doc) {
          this.add(doc);
          documents[doc.location] = doc;
        }, this);
      });
      tell({ config: window.searchIndex.config });
      tell({ allowSearch: true });
    }
    this.postMessage = function (message) {
      if (message.init) {
        load("lunr.js", function () { load("search_index.js", build); });
      } else if (message.query) {
        tell({ results: index.search(message.query).map(function (found) {
          var doc = documents[found.ref];
          return { location: doc.location, title: doc.title, summary: doc.text.substring(0, 200) };
        }) });
      }
    };
  };
})();
