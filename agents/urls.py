"""Paths of this floor's pages."""

from django.urls import URLPattern, URLResolver, path, re_path

from agents.views import entrance, workbench

_CASE = "workbench/sessions/<str:session_id>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("workbench/", workbench.workbench, name="workbench"),
    path("workbench/login/", entrance.SignIn.as_view(), name="workbench-login"),
    path("workbench/logout/", entrance.SignOut.as_view(), name="workbench-logout"),
    path("workbench/list/", workbench.listing, name="workbench-list"),
    path("workbench/team/", workbench.team, name="workbench-team"),
    path(_CASE, workbench.case, name="workbench-case"),
    path(f"{_CASE}knowledge/", workbench.knowledge, name="workbench-knowledge"),
    path(f"{_CASE}draft/", workbench.draft, name="workbench-draft"),
    path(f"{_CASE}transfer/", workbench.transfer, name="workbench-transfer"),
    path(f"{_CASE}ending/", workbench.ending, name="workbench-ending"),
    re_path(
        r"^workbench/sessions/(?P<session_id>[^/]+)/(?P<name>head|facts)/$",
        workbench.part,
        name="workbench-part",
    ),
]
