const find = document.getElementById("find");
if (find) {
  find.closest(".find").hidden = false;
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(".row"))
      row.classList.toggle("not-found", !row.textContent.toLowerCase().includes(wanted));
  });
}
